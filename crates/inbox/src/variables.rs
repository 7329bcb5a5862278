//! The environment variables of the inbox.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use healthcheck::HOST;
use variable::{Allowed, Invalid, Shown, Variable};

use crate::{Options, Url};

/// The port that it listens on: the one of a Sentry that is installed at home.
pub static PORT: Variable = healthcheck::port("9000");

/// Another receiver.
pub static FORWARD_URL: Variable = Variable {
    name: "INBOX_FORWARD_URL",
    about: "another receiver, which gets a copy of everything",
    default: None,
    allowed: Allowed::Text("a URL such as http://localhost:8000"),
    shown: Shown::Address,
};

/// The names of the inbox.
pub static ALLOWED_HOSTS: Variable = Variable {
    name: "INBOX_ALLOWED_HOSTS",
    about: "the host names that its page and API accept, beside `localhost` and addresses",
    default: None,
    allowed: Allowed::Text("host names with commas between them"),
    shown: Shown::Whole,
};

/// Everything that the program reads.
pub static ALL: [&Variable; 4] = [&HOST, &PORT, &FORWARD_URL, &ALLOWED_HOSTS];

impl Options {
    /// As the variables say; an error names the one that is wrong.
    pub fn from_env() -> Result<Self, String> {
        let host: IpAddr = setting(&HOST, |_| true)?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = setting(&PORT, |_| true)?.unwrap_or_default();
        let http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let forward = setting(&FORWARD_URL, http)?;
        let allowed_hosts = setting(&ALLOWED_HOSTS, |_| true)?.unwrap_or_default();
        Ok(Self { addr: SocketAddr::new(host, port), forward, allowed_hosts, ..Self::default() })
    }
}

/// The variable's value; `None` if it is unset or empty and has no default.
fn setting<T: FromStr>(variable: &Variable, accept: fn(&T) -> bool) -> Result<Option<T>, String> {
    let refused =
        |invalid: Invalid| format!("{}={}: must be {}", invalid.name, invalid.shown(), invalid.allowed);
    match variable.optional().map_err(refused)? {
        Some(value) if !accept(&value) => Err(refused(variable.refused())),
        value => Ok(value),
    }
}

//! The inbox as a process of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::str::FromStr;

use healthcheck::HOST;
use inbox::variables::{ALLOWED_HOSTS, FORWARD_URL, PORT};
use inbox::{Inbox, Options, Url};
use tokio::signal::unix::{SignalKind, signal};
use variable::{Invalid, Variable};

fn main() -> ExitCode {
    healthcheck::asked("inbox", &PORT).unwrap_or_else(serve)
}

#[tokio::main(flavor = "current_thread")]
async fn serve() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("inbox: {reason}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let host: IpAddr = setting(&HOST, |_| true)?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = setting(&PORT, |_| true)?.unwrap_or_default();
    let http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let forward = setting(&FORWARD_URL, http)?;
    let allowed_hosts = setting(&ALLOWED_HOSTS, |_| true)?.unwrap_or_default();
    let options = Options { addr: SocketAddr::new(host, port), forward, allowed_hosts, ..Options::default() };
    // Listens for signals before the address is printed: whoever reads it may stop the inbox at once.
    let listen = |kind| signal(kind).map_err(|error| error.to_string());
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let inbox = Inbox::start_with(options).await.map_err(|error| error.to_string())?;
    eprintln!("inbox: {} takes envelopes for {}", inbox.url(), inbox.dsn());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
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

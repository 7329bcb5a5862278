//! `RABBITMQ_URL`.

use lapin::uri::AMQPUri;
use sentry_context::env::{Allowed, EnvError, Shown, Variable};
use sentry_context::redaction;

/// Seconds between heartbeats, at most: a broker that is frozen is noticed within two of them. RabbitMQ's own 60 leave
/// publishers in the dark for two minutes.
const HEARTBEAT: u16 = 5;

/// The virtual host that every broker has.
const DEFAULT_HOST: &str = "/";

/// Milliseconds that a connection may take.
const CONNECT_TIMEOUT: u64 = 5_000;

/// Where the broker is. A service reads it for [`Address::parse`], and the errors name it.
pub static URL: Variable = Variable {
    name: "RABBITMQ_URL",
    about: "the broker; without one, nothing is published or consumed, and no request fails or waits",
    default: None,
    allowed: Allowed::Text("a URL such as amqp://127.0.0.1:5672"),
    shown: Shown::Address,
};

/// A URL that is none of a broker.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BadUrl(#[from] EnvError);

/// Where a broker is, and what it shall know this service by.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) uri: AMQPUri,
    pub(crate) service: &'static str,
}

impl Address {
    /// Reads a URL; `None` for none.
    pub fn parse(url: Option<&str>, service: &'static str) -> Result<Option<Self>, BadUrl> {
        let Some(url) = url else { return Ok(None) };
        redaction::hide_password_of(url);
        let bad = |reason: String| BadUrl(EnvError::refused_url(&URL, url, &reason));
        let mut uri: AMQPUri = url.parse().map_err(bad)?;
        if uri.vhost.is_empty() {
            // `…/` means the default host to most clients, and an empty one, which nobody has, by the specification.
            uri.vhost = DEFAULT_HOST.to_owned();
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.connection_timeout.get_or_insert(CONNECT_TIMEOUT);
        Ok(Some(Self { uri, service }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_something_else_is_refused_without_its_password() {
        let reported =
            Address::parse(Some("http://guest:hunter2@localhost"), "test").unwrap_err().to_string();
        assert!(reported.contains("RABBITMQ_URL=http://") && reported.contains("amqp://"), "{reported}");
        assert!(!reported.contains("hunter2"), "{reported}");
        let reported = Address::parse(Some("guest:hunter2@localhost"), "test").unwrap_err().to_string();
        assert!(reported.contains("RABBITMQ_URL") && reported.contains("amqp://"), "{reported}");
        assert!(!reported.contains("hunter2") && !reported.contains("guest"), "{reported}");
    }

    #[test]
    fn the_virtual_host_is_the_default_one_unless_the_url_names_another() {
        for (path, host) in
            [("", "/"), ("/", "/"), ("/%2f", "/"), ("/%2F", "/"), ("/games", "games"), ("/a%20b", "a b")]
        {
            let address = Address::parse(Some(&format!("amqp://guest:guest@localhost:5672{path}")), "test");
            assert_eq!(address.unwrap().unwrap().uri.vhost, host, "{path}");
            let queried = Address::parse(Some(&format!("amqp://localhost{path}?heartbeat=7")), "test");
            let uri = queried.unwrap().unwrap().uri;
            assert_eq!((uri.vhost.as_str(), uri.query.heartbeat), (host, Some(7)), "{path}");
        }
    }

    #[test]
    fn no_url_is_no_broker() {
        assert!(Address::parse(None, "test").unwrap().is_none());
    }
}

//! `RABBITMQ_URL`.

use lapin::uri::AMQPUri;
use sentry_context::env::{Allowed, EnvError, Shown, Variable};
use sentry_context::redaction;

use crate::Topology;

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

/// Where a broker is, by which name it knows this service, and what is declared on it.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) uri: AMQPUri,
    pub(crate) service: &'static str,
    pub(crate) topology: &'static Topology,
}

impl Address {
    /// Reads a URL; `None` for none.
    pub fn parse(
        url: Option<&str>,
        service: &'static str,
        topology: &'static Topology,
    ) -> Result<Option<Self>, BadUrl> {
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
        Ok(Some(Self { uri, service, topology }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHOP: Topology = Topology { exchange: "shop", queues: &[], dead_letters: "shop.dead_letters" };

    fn parse(url: &str) -> Result<Option<Address>, BadUrl> {
        Address::parse(Some(url), "test", &SHOP)
    }

    #[test]
    fn a_url_of_something_else_is_refused_without_its_password() {
        let reported = parse("http://guest:hunter2@localhost").unwrap_err().to_string();
        assert!(reported.contains("RABBITMQ_URL=http://") && reported.contains("amqp://"), "{reported}");
        assert!(!reported.contains("hunter2"), "{reported}");
        let reported = parse("guest:hunter2@localhost").unwrap_err().to_string();
        assert!(reported.contains("RABBITMQ_URL") && reported.contains("amqp://"), "{reported}");
        assert!(!reported.contains("hunter2") && !reported.contains("guest"), "{reported}");
    }

    #[test]
    fn the_virtual_host_is_the_default_one_unless_the_url_names_another() {
        for (path, host) in
            [("", "/"), ("/", "/"), ("/%2f", "/"), ("/%2F", "/"), ("/orders", "orders"), ("/a%20b", "a b")]
        {
            let address = parse(&format!("amqp://guest:guest@localhost:5672{path}"));
            assert_eq!(address.unwrap().unwrap().uri.vhost, host, "{path}");
            let queried = parse(&format!("amqp://localhost{path}?heartbeat=7"));
            let uri = queried.unwrap().unwrap().uri;
            assert_eq!((uri.vhost.as_str(), uri.query.heartbeat), (host, Some(7)), "{path}");
        }
    }

    #[test]
    fn no_url_is_no_broker() {
        assert!(Address::parse(None, "test", &SHOP).unwrap().is_none());
    }
}

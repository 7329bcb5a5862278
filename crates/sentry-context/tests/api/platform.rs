//! What a platform cannot do.

use std::io;
use std::sync::{Arc, Mutex};

use sentry_context::client::{self, Config, Delivery, Service};
use sentry_context::platform::Platform;
use sentry_context::sentry::Hub;
use tracing_subscriber::fmt;

use crate::helpers::{SERVICE, config};

/// A platform without two of its parts.
#[derive(Debug)]
struct Partial;

impl Platform for Partial {
    fn unavailable(&self) -> Vec<&'static str> {
        vec!["stalls are not found", "crashes are not read"]
    }
}

static PARTIAL: Service = Service {
    name: "partial",
    release_name: "partial",
    in_app: &[],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Partial,
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged while a client of that service starts.
fn log_of_start(service: &'static Service) -> String {
    let log = Log::default();
    let writer = log.clone();
    let lines = fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let before = Hub::main().client();
    tracing::subscriber::with_default(lines, || {
        drop(client::init(Config { service, ..config("", Delivery::default()) }));
    });
    Hub::main().bind_client(before);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn the_start_says_once_what_the_platform_cannot_do() {
    let line = "not available on this platform: stalls are not found; crashes are not read";
    let log = log_of_start(&PARTIAL);
    assert_eq!(log.matches(line).count(), 1, "{log}");
    let log = log_of_start(&SERVICE);
    assert!(!log.contains("not available"), "{log}");
}

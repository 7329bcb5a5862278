//! The inbox as a process of its own.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use inbox::{Inbox, Options};
use tokio::signal::unix::{SignalKind, signal};

/// The port that Sentry itself listens on when it is installed at home.
const PORT: u16 = 9000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("inbox: {reason}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let host = setting("HOST", IpAddr::from([127, 0, 0, 1]), "an IP address")?;
    let port = setting("PORT", PORT, "a port from 0 to 65535")?;
    let options = Options { addr: SocketAddr::new(host, port), ..Options::default() };
    let inbox = Inbox::start_with(options).await.map_err(|error| error.to_string())?;
    eprintln!("inbox: {} takes envelopes for {}", inbox.url(), inbox.dsn());
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
    }
}

fn setting<T: std::str::FromStr>(name: &str, default: T, allowed: &str) -> Result<T, String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => {
            value.parse().map_err(|_| format!("{name}={value}: must be {allowed}"))
        }
        _ => Ok(default),
    }
}

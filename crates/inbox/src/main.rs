//! The inbox as a process of its own.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use inbox::{Inbox, Options};
use tokio::signal::unix::{SignalKind, signal};

/// The port that Sentry itself listens on when it is installed at home.
const PORT: u16 = 9000;

fn main() -> ExitCode {
    healthcheck::asked("inbox", PORT).unwrap_or_else(serve)
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
    let host = setting("HOST", IpAddr::from([127, 0, 0, 1]), "an IP address")?;
    let port = setting("PORT", PORT, "a port from 0 to 65535")?;
    let options = Options { addr: SocketAddr::new(host, port), ..Options::default() };
    // Listened for before anyone is told that the inbox is there: who knows of it may end it.
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

fn setting<T: std::str::FromStr>(name: &str, default: T, allowed: &str) -> Result<T, String> {
    let value = std::env::var_os(name).unwrap_or_default();
    if value.is_empty() {
        return Ok(default);
    }
    let value = value.to_string_lossy();
    value.parse().map_err(|_| format!("{name}={value}: must be {allowed}"))
}

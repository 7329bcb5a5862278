//! The inbox as a process of its own.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::str::FromStr;

use inbox::{Inbox, Options, Url};
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
    let host = setting("HOST", "an IP address", |_| true)?.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let port = setting("PORT", "a port from 0 to 65535", |_| true)?.unwrap_or(PORT);
    let http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let forward = setting("INBOX_FORWARD_URL", "a URL such as http://localhost:8000", http)?;
    let hosts = setting("INBOX_ALLOWED_HOSTS", "host names with commas between them", |_| true)?;
    let allowed_hosts = hosts.unwrap_or_default();
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

/// The variable parsed; `None` where it is unset or empty.
fn setting<T: FromStr>(name: &str, allowed: &str, accept: fn(&T) -> bool) -> Result<Option<T>, String> {
    let value = std::env::var_os(name).unwrap_or_default();
    if value.is_empty() {
        return Ok(None);
    }
    let value = value.to_string_lossy();
    let parsed = value.parse().ok().filter(accept);
    parsed.map(Some).ok_or_else(|| format!("{name}={}: must be {allowed}", healthcheck::shown(&value)))
}

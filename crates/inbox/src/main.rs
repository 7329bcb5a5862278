//! The inbox as a process of its own.

use std::process::ExitCode;

use inbox::variables::PORT;
use inbox::{Inbox, Options};
use tokio::signal::unix::{SignalKind, signal};

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
    let options = Options::from_env()?;
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

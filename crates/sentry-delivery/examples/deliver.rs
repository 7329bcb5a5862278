//! Errors outlive an outage: `cargo run -p sentry-delivery --example deliver`.
//!
//! Sends ten errors to an inbox that answers 503 at first, or to the server of `SENTRY_DSN`.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use inbox::{Answer, Inbox, Options};
use sentry::{Client, ClientOptions, Hub, Level};
use sentry_delivery::{Delivery, HttpTransportFactory, Plain};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(dsn) = std::env::var("SENTRY_DSN") {
        let hub = hub(&dsn)?;
        report(&hub);
        println!("everything delivered: {}", close(hub).await?);
        return Ok(());
    }
    let answer = Answer { status: 503, ..Answer::default() };
    let inbox = Inbox::start_with(Options { answer, ..Options::default() }).await?;
    let hub = hub(&inbox.dsn())?;
    report(&hub);
    inbox.wait_until("a failed attempt", |inbox| inbox.stats().rejected > 0).await?;
    println!("the server is down: it has {} events", inbox.events().len());
    inbox.set_answer(Answer::default());
    inbox.wait_until("all events", |inbox| inbox.events().len() == 10).await?;
    println!("the server is back: it has {} events", inbox.events().len());
    println!("everything delivered: {}", close(hub).await?);
    Ok(())
}

fn hub(dsn: &str) -> Result<Arc<Hub>, Box<dyn Error>> {
    let transport = HttpTransportFactory::new("example", Plain, Delivery::default());
    let mut options = ClientOptions::new().default_integrations(false).transport(transport);
    options.dsn = Some(dsn.parse()?);
    Ok(Arc::new(Hub::new(Some(Arc::new(Client::with_options(options))), Arc::default())))
}

fn report(hub: &Hub) {
    for number in 0..10 {
        hub.capture_message(&format!("failure {number}"), Level::Error);
    }
}

/// Closing waits, so it has a thread of its own.
async fn close(hub: Arc<Hub>) -> Result<bool, Box<dyn Error>> {
    let client = hub.client().ok_or("the hub has no client")?;
    Ok(tokio::task::spawn_blocking(move || client.close(Some(Duration::from_secs(5)))).await?)
}

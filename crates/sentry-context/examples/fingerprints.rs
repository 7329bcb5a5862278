//! Grouping by rules in Sentry's own grammar: a thousand messages that differ in their numbers are one issue.
//!
//! ```sh
//! cargo run -p sentry-context --example fingerprints
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;

use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::platform::Portable;
use sentry_context::sentry::Level;

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["fingerprints"],
    panic_type: "Panic",
    // The first rule that matches decides. An event that no rule matches is grouped by Sentry's default.
    fingerprint_rules: r#"
        message:"The cache holds * MiB" -> {{ tags.service }}, cache-size title="The cache grows"
        level:fatal -> {{ default }}, {{ error.type }}
    "#,
    platform: &Portable,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    let hub = client::hub(&config);
    for size in 0..1_000 {
        hub.capture_message(&format!("The cache holds {size} MiB"), Level::Warning);
    }
    hub.capture_message("The cache is gone", Level::Error);
    inbox.wait_until("all events", |inbox| inbox.events().len() == 1_001).await?;
    println!("{} events, {} issues", inbox.events().len(), inbox.issues().len());
    let event = inbox.events().into_iter().find(|event| event["level"] == "warning");
    println!(
        "fingerprint of the first: {}",
        event.map(|event| event["fingerprint"].clone()).unwrap_or_default()
    );
    Ok(())
}

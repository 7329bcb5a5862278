//! A typed error: its type, its facts, the stack of its origin, and the errors that caused it.
//!
//! ```sh
//! cargo run -p sentry-context --example errors_with_context
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::num::ParseIntError;
use std::sync::Arc;

use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::platform::Portable;
use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::Hub;
use sentry_context::{Facts, breadcrumbs, facts};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["errors_with_context"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

#[derive(Debug, thiserror::Error)]
#[error("the stock of article {article} cannot be read")]
struct StockError {
    article: u32,
    source: ParseIntError,
}

impl Reportable for StockError {
    fn type_name(&self) -> &'static str {
        "StockError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        Some(("stock", facts([("article", self.article.into())])))
    }
}

// `?` keeps the stack of this line.
fn stock(article: u32, stored: &str) -> Result<u32, Traced<StockError>> {
    breadcrumbs::step("stock", "reading the stock", facts([("article", article.into())]));
    Ok(stored.parse().map_err(|source| StockError { article, source })?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    let hub = client::hub(&config);
    Hub::run(Arc::clone(&hub), || stock(7, "many").err().and_then(|error| error.report()));
    inbox.wait_until("the event", |inbox| inbox.events().len() == 1).await?;
    for event in inbox.events() {
        // Sentry's order: the cause comes first.
        for exception in event["exception"]["values"].as_array().into_iter().flatten() {
            println!("{}: {}", exception["type"], exception["value"]);
        }
        println!("context stock: {}", event["contexts"]["stock"]);
        println!("breadcrumb: {}", event["breadcrumbs"]["values"][0]["message"]);
    }
    Ok(())
}

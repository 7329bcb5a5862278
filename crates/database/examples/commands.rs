//! A transaction with a command that succeeds and one that the server rejects, and what Sentry receives of them.
//!
//! ```sh
//! MONGODB_URL=mongodb://127.0.0.1:27017 cargo run -p database --example commands
//! ```
//!
//! Without `MONGODB_URL` it shows the event of a database that cannot be reached.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::sync::Arc;

use database::mongodb::bson::{Document, doc};
use database::{Database, DatabaseError};
use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::platform::Portable;
use sentry_context::report::Traced;
use sentry_context::sentry::{Hub, SentryFutureExt, TransactionContext};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["commands"],
    panic_type: "Panic",
    fingerprint_rules: "error.type:Mongo* -> database, {{ tags.db.code }}",
    platform: &Portable,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    let hub = client::hub(&config);
    let failures = work(std::env::var("MONGODB_URL").ok()).bind_hub(Arc::clone(&hub)).await?;
    inbox.wait_until("the events", |inbox| inbox.events().len() == failures).await?;
    for event in inbox.events() {
        let exceptions = event["exception"]["values"].as_array();
        println!("event: {}", exceptions.and_then(|all| all.last()).unwrap_or(&event)["value"]);
        println!("context: {}", event["contexts"]["database_error"]);
        println!("breadcrumbs: {}", event["breadcrumbs"]["values"]);
    }
    Ok(())
}

/// How many of its commands failed.
async fn work(url: Option<String>) -> Result<usize, Box<dyn Error>> {
    let transaction =
        Hub::current().start_transaction(TransactionContext::new("count the orders", "example"));
    Hub::current().configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
    let database = Database::connect(url.as_deref(), "shop").await?;
    let failures = [count(&database).await.err(), rejected(&database).await.err()];
    for error in failures.iter().flatten() {
        error.report();
    }
    transaction.finish();
    Ok(failures.iter().flatten().count())
}

async fn count(database: &Database) -> Result<u64, Traced<DatabaseError>> {
    let orders = database.collection::<Document>("orders")?;
    Ok(database.run("count", "orders", orders.count_documents(doc! {})).await?)
}

async fn rejected(database: &Database) -> Result<(), Traced<DatabaseError>> {
    let orders = database.collection::<Document>("orders")?;
    let stage = doc! { "$noSuchStage": {} };
    database.run("aggregate", "orders", orders.aggregate([stage])).await?;
    Ok(())
}

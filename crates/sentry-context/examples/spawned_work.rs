//! Work beside a request keeps the request's user, breadcrumbs and trace.
//!
//! ```sh
//! cargo run -p sentry-context --example spawned_work
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;

use actix_web::{App, HttpResponse, HttpServer, web};
use fixtures::app;
use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::instrument::instrument;
use sentry_context::platform::Portable;
use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, breadcrumbs, spawn, user};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["spawned_work"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

#[derive(Debug, thiserror::Error)]
#[error("the confirmation cannot be sent")]
struct ConfirmationError;

impl Reportable for ConfirmationError {
    fn type_name(&self) -> &'static str {
        "ConfirmationError"
    }
}

async fn order() -> HttpResponse {
    user::identify("alice");
    breadcrumbs::step("order", "the order is stored", Facts::new());
    // The caller does not wait for it. With `tokio::spawn`, its event would name no user and no trace.
    spawn::task(async {
        Traced::from(ConfirmationError).report();
    });
    HttpResponse::Accepted().finish()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    let hub = client::hub(&config);
    let server =
        HttpServer::new(move || App::new().route("/order", web::post().to(order)).wrap(instrument(&hub)));
    let server = server.workers(1).bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());

    let shop = app::App::new(url, inbox);
    let answer = shop.post("/order", "").await;
    println!("the request: {}", answer.status);
    let inbox = &shop.inbox;
    inbox
        .wait_until("event and transaction", |inbox| {
            inbox.events().len() == 1 && inbox.transactions().len() == 1
        })
        .await?;
    let (event, transaction) = (&inbox.events()[0], &inbox.transactions()[0]);
    println!("user {}, transaction {}", event["user"]["id"], event["transaction"]);
    println!("breadcrumbs: {}", event["breadcrumbs"]["values"]);
    let trace = |event: &serde_json::Value| event["contexts"]["trace"]["trace_id"].clone();
    println!("one trace: {}", trace(event) == trace(transaction));
    Ok(())
}

//! The smallest service that reports to Sentry: a panic becomes a 500 that names its event.
//!
//! ```sh
//! cargo run -p sentry-context --example minimal
//! SENTRY_DSN=https://KEY@HOST/PROJECT cargo run -p sentry-context --example minimal
//! ```
//!
//! Without a DSN the event goes to an inbox within the example, which prints it.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;

use actix_web::{App, HttpServer, web};
use fixtures::app;
use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::instrument::instrument;
use sentry_context::platform::Portable;

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["minimal"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

async fn price(position: web::Path<usize>) -> String {
    let prices = [10, 20, 30];
    prices[*position].to_string()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    let elsewhere = config.dsn.is_some();
    if !elsewhere {
        config.dsn = Some(inbox.dsn().parse()?);
    }
    let sentry = client::init(config);
    let hub = sentry.hub();
    let server = HttpServer::new(move || {
        App::new().route("/price/{position}", web::get().to(price)).wrap(instrument(&hub))
    });
    let server = server.workers(1).bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", server.addrs()[0]);
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);

    let shop = app::App::new(url, inbox);
    let answer = shop.get("/price/3").await;
    println!("{} {}", answer.status, answer.body);
    if !elsewhere {
        shop.inbox.wait_until("the event", |inbox| inbox.events().len() == 1).await?;
        let event = &shop.inbox.events()[0];
        println!("{} {}", event["level"], event["exception"]["values"][0]["value"]);
    }
    handle.stop(true).await;
    // Delivers what is queued. It waits, so it has a thread of its own.
    actix_web::rt::task::spawn_blocking(move || sentry.finish()).await?;
    Ok(())
}

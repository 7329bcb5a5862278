//! A whole service: a route, health, the catalogue of scenarios, and one scenario that panics.
//!
//! ```sh
//! cargo run -p service --example shop
//! ```
//!
//! The example asks its own service and prints the event that its inbox receives.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::sync::Arc;

use actix_web::{App, web};
use fixtures::app;
use inbox::Inbox;
use scenario::{Catalogue, Guards, Scenario, not_found, only};
use sentry_context::client::{self, Service};
use sentry_context::sentry::Hub;
use service::health::health;
use service::{PLATFORM, Server, Settings, instrumented, panic_user};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["shop"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: PLATFORM,
};

static PANIC: Scenario =
    panic_user::scenario("/debug/panic/{user_id}", "Panic", &["{{ default }}"], |route| {
        panic_user::on(route, restore)
    });

static CATALOGUE: Catalogue = Catalogue { service: SERVICE.name, path: "/debug", scenarios: &[&PANIC] };

/// The session of one user has no basket.
fn restore(user_id: &str) {
    let _step = panic_user::begin(user_id);
    let baskets: &[&str] = if user_id == panic_user::CORRUPT { &[] } else { &["apples"] };
    let _first = baskets[0];
}

fn routes(app: &mut web::ServiceConfig, guards: &Guards) {
    app.service(web::resource("/health").get(health).default_service(only("GET")));
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = Inbox::start().await?;
    // A process of its own reads `Settings::from_env` and calls `service::run`.
    let settings = Settings::isolated(&SERVICE, Some(inbox.dsn().parse()?))?;
    let sentry = client::init(settings.sentry.clone());
    let guards = settings.guards.clone();
    let app = move |hub: &Arc<Hub>| instrumented(App::new().configure(|app| routes(app, &guards)), hub);
    let server = Server::bind(&settings, sentry.hub(), app)?;
    let shop = app::App::new(format!("http://{}", server.address()), inbox);
    actix_web::rt::spawn(server.run());

    for path in ["/health", "/debug/panic/alice", "/debug/panic/panic-test"] {
        let answer = shop.get(path).await;
        println!("{path}: {} {}", answer.status, answer.body);
    }
    let scenarios = shop.get("/debug").await.body["scenarios"].clone();
    println!("scenarios: {}", scenarios.as_array().map_or(0, Vec::len));
    shop.inbox.wait_until("the event", |inbox| inbox.events().len() == 1).await?;
    let event = &shop.inbox.events()[0];
    println!("{} {}", event["level"], event["exception"]["values"][0]["value"]);
    println!("user {}, session {}", event["user"]["id"], event["contexts"]["session"]["user_id"]);
    // Delivers what is queued. It waits, so it has a thread of its own.
    actix_web::rt::task::spawn_blocking(move || sentry.finish()).await?;
    Ok(())
}

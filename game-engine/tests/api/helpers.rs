//! A really started app and the inbox that its events go to.

use std::time::Duration;

use broker::Publisher;
use database::Database;
pub(crate) use fixtures::app::{Answer, App, Telemetry, answer, exception, http, top_frame};
use fixtures::service::Service;
use game_engine::server::Server;
use game_engine::settings::{DATABASE, SERVICE, Settings};
use inbox::Inbox;
use scenario::Guards;
use sentry_context::client::{self, Config, Delivery};

use crate::delivery::NO_WATCHDOG;

/// An app with its own Sentry client and inbox.
pub(crate) async fn spawn_app() -> App {
    spawn_app_with(|_| ()).await
}

/// The same with other settings.
pub(crate) async fn spawn_app_with(change: impl FnOnce(&mut Settings)) -> App {
    spawn_app_as(Telemetry::On, change).await
}

/// The same with less of Sentry.
pub(crate) async fn spawn_app_as(telemetry: Telemetry, change: impl FnOnce(&mut Settings)) -> App {
    let inbox = Inbox::start().await.unwrap();
    let mut settings = settings(&inbox.dsn());
    settings.sentry.dsn = telemetry.dsn(&inbox.dsn()).map(|dsn| dsn.parse().unwrap());
    settings.sentry.traces_sample_rate = telemetry.traces_sample_rate();
    change(&mut settings);
    let database = connect(settings.mongodb_url.as_deref()).await;
    let hub = client::hub(&settings.sentry);
    let publisher = Publisher::start(settings.rabbitmq.clone(), &hub);
    let server = Server::bind(&settings, hub, database, publisher).unwrap();
    let url = format!("http://{}", server.address());
    actix_web::rt::spawn(server.run());
    App::new(url, inbox)
}

/// The binary, in a process of its own, with its own inbox.
pub(crate) async fn spawn_process() -> App {
    spawn_process_with(&[]).await
}

/// The same with more of an environment.
pub(crate) async fn spawn_process_with(more: &[(&str, &str)]) -> App {
    let inbox = Inbox::start().await.unwrap();
    let (dsn, binary) = (inbox.dsn(), env!("CARGO_BIN_EXE_game-engine"));
    let usual = [("SENTRY_DSN", dsn.as_str()), NO_WATCHDOG];
    let service = Service::start(binary, &[&usual, more].concat());
    App::of(service, inbox)
}

/// The database that the URL names, so that each test has its own: a service's is always the same.
pub(crate) async fn connect(url: Option<&str>) -> Database {
    let name = url.and_then(fixtures::mongo::database_in).unwrap_or(DATABASE);
    Database::connect(url, name).await.unwrap()
}

fn settings(dsn: &str) -> Settings {
    Settings {
        host: [127, 0, 0, 1].into(),
        port: 0,
        workers: Some(2),
        sentry: Config {
            service: &SERVICE,
            dsn: Some(dsn.parse().unwrap()),
            release: "game-engine@test".to_owned(),
            environment: "test".to_owned(),
            traces_sample_rate: 1.0,
            // A busy machine blocks workers by itself, and each event counts.
            stall_threshold: Duration::ZERO,
            rules: SERVICE.fingerprint_rules.parse().unwrap(),
            delivery: Delivery::default(),
        },
        guards: Guards::new(true, None),
        mongodb_url: None,
        rabbitmq: None,
        memory_leak_limit_mb: 64,
    }
}

//! A really started app and the inbox that its events go to.

use analytics::server::Server;
use analytics::settings::{DATABASE, SERVICE, Settings};
use analytics::upkeep;
use database::Database;
pub(crate) use fixtures::app::{Answer, App, Telemetry, answer, exception, http, top_frame};
use fixtures::service::Service;
use inbox::Inbox;
use scenario::Guards;
use sentry_context::client::{self, Config, Delivery};
use sentry_native::stall;

/// An app with its own Sentry client and inbox.
pub(crate) async fn spawn_app() -> App {
    spawn_app_with(|_| ()).await
}

/// The same on that database.
pub(crate) async fn spawn_app_on(mongodb_url: String) -> App {
    spawn_app_with(|settings| settings.mongodb_url = Some(mongodb_url)).await
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
    let consuming = upkeep::start(settings.rabbitmq.clone(), database.clone(), &hub);
    let server = Server::bind(&settings, hub, database, consuming).unwrap();
    let url = format!("http://{}", server.address());
    actix_web::rt::spawn(server.run());
    App::new(url, inbox)
}

/// The binary, in a process of its own, with its own inbox.
pub(crate) async fn spawn_process() -> App {
    let inbox = Inbox::start().await.unwrap();
    let service = Service::start(env!("CARGO_BIN_EXE_analytics"), &[("SENTRY_DSN", &inbox.dsn())]);
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
            release: "analytics-service@test".to_owned(),
            environment: "test".to_owned(),
            traces_sample_rate: 1.0,
            stall_threshold: stall::THRESHOLD,
            rules: SERVICE.fingerprint_rules.parse().unwrap(),
            delivery: Delivery::default(),
        },
        guards: Guards::new(true, None),
        mongodb_url: None,
        rabbitmq: None,
    }
}

//! A really started app and the inbox that its events go to.

use std::net::SocketAddr;

use database::Database;
pub(crate) use fixtures::app::{Answer, App, Telemetry, answer, exception, http, top_frame};
use fixtures::common::binary::NO_WATCHDOG;
use fixtures::mongo;
use game_engine::application::build;
use game_engine::domain::payout::Flags;
use game_engine::settings::{SERVICE, Settings};
use sentry_context::client;
use service::DATABASE;

use crate::delivery::BINARY;

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
    App::start(telemetry, settings, change, start).await
}

/// The binary, in a process of its own, with its own inbox.
pub(crate) async fn spawn_process() -> App {
    App::start_process(BINARY, &[NO_WATCHDOG]).await
}

/// The database of an app with that URL.
pub(crate) async fn connect(url: Option<&str>) -> Database {
    Database::connect(url, mongo::database_of(url, DATABASE)).await.unwrap()
}

fn settings(dsn: Option<&str>, traces_sample_rate: f32) -> Settings {
    let mut shared = service::Settings::isolated(&SERVICE, dsn.map(|dsn| dsn.parse().unwrap())).unwrap();
    shared.sentry.traces_sample_rate = traces_sample_rate;
    Settings { shared, memory_leak_limit_mb: 64, flags: Flags::default() }
}

async fn start(mut settings: Settings) -> SocketAddr {
    settings.shared.database =
        mongo::database_of(settings.shared.mongodb_url.as_deref(), DATABASE).to_owned();
    build(&settings, client::hub(&settings.shared.sentry)).await.unwrap().spawn()
}

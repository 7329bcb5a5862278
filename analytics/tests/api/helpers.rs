//! A really started app and the inbox that its events go to.

use std::net::SocketAddr;
use std::time::Duration;

use analytics::application::build;
use analytics::settings::{SERVICE, Settings as OfAnalytics};
use database::Database;
pub(crate) use fixtures::app::{Answer, App, Telemetry, answer, exception, http, top_frame};
use fixtures::mongo;
use sentry_context::client;
use sentry_native::stall;
use service::{DATABASE, Settings};

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
    App::start(telemetry, settings, |settings| change(&mut settings.shared), start).await
}

/// An app on that database that reports the day so often.
pub(crate) async fn spawn_app_reporting(mongodb_url: String, every: Duration) -> App {
    let change = |settings: &mut OfAnalytics| {
        settings.shared.mongodb_url = Some(mongodb_url);
        settings.day_report = Some(every);
    };
    App::start(Telemetry::On, settings, change, start).await
}

/// The binary, in a process of its own, with its own inbox.
pub(crate) async fn spawn_process() -> App {
    App::start_process(env!("CARGO_BIN_EXE_analytics"), &[]).await
}

/// The database of an app with that URL.
pub(crate) async fn connect(url: Option<&str>) -> Database {
    Database::connect(url, mongo::database_of(url, DATABASE)).await.unwrap()
}

fn settings(dsn: Option<&str>, traces_sample_rate: f32) -> OfAnalytics {
    let mut shared = Settings::isolated(&SERVICE, dsn.map(|dsn| dsn.parse().unwrap())).unwrap();
    shared.sentry.traces_sample_rate = traces_sample_rate;
    shared.sentry.stall_threshold = stall::THRESHOLD;
    OfAnalytics { shared, day_report: None }
}

async fn start(mut settings: OfAnalytics) -> SocketAddr {
    let shared = &mut settings.shared;
    shared.database = mongo::database_of(shared.mongodb_url.as_deref(), DATABASE).to_owned();
    let hub = client::hub(&settings.shared.sentry);
    build(&settings, hub).await.unwrap().spawn()
}

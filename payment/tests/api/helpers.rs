//! A really started app and the inbox that its events go to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use database::Database;
pub(crate) use fixtures::app::{Answer, App, Telemetry, answer, exception, http, top_frame};
use fixtures::mongo;
use payment::application::build;
use payment::domain::unconfirmed::Unconfirmed;
use payment::provider::Manners;
use payment::settings::{SERVICE, Settings};
use sentry_context::client;
use sentry_native::native_crash::CrashChild;
use sentry_native::stall;
use service::DATABASE;

/// An app with its own Sentry client and inbox.
pub(crate) async fn spawn_app() -> App {
    spawn_app_with(|_| ()).await
}

/// The same on that database.
pub(crate) async fn spawn_app_on(mongodb_url: String) -> App {
    spawn_app_with(|settings| settings.shared.mongodb_url = Some(mongodb_url)).await
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
    App::start_process(env!("CARGO_BIN_EXE_payment"), &[]).await
}

/// The database of an app with that URL.
pub(crate) async fn connect(url: Option<&str>) -> Database {
    Database::connect(url, mongo::database_of(url, DATABASE)).await.unwrap()
}

fn settings(dsn: Option<&str>, traces_sample_rate: f32) -> Settings {
    let mut shared = service::Settings::isolated(&SERVICE, dsn.map(|dsn| dsn.parse().unwrap())).unwrap();
    shared.sentry.traces_sample_rate = traces_sample_rate;
    shared.sentry.stall_threshold = stall::THRESHOLD;
    Settings {
        shared,
        provider: Manners { error_rate: 0.0, slowest: Duration::ZERO },
        memory_leak_limit_mb: 64,
        // This very program would run the tests once more.
        crash_child: Arc::new(CrashChild::program(env!("CARGO_BIN_EXE_payment"), [])),
        unconfirmed: Unconfirmed::default(),
    }
}

async fn start(mut settings: Settings) -> SocketAddr {
    settings.shared.database =
        mongo::database_of(settings.shared.mongodb_url.as_deref(), DATABASE).to_owned();
    build(&settings, client::hub(&settings.shared.sentry)).await.unwrap().spawn()
}

//! Payment: balances, and how booking them breaks.
//!
//! - [`settings`], [`server`]: the environment, and the server from bind to drain
//! - `routes`: every route on one page
//! - `business`: what the service is for
//! - [`domain`]: the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler
//! - [`error`]: what can go wrong, and how it is told

mod business;
pub mod domain;
pub mod error;
mod routes;
pub mod scenarios;
pub mod server;
pub mod settings;
pub mod upkeep;

use std::process::ExitCode;
use std::time::Duration;

use broker::Publisher;
use sentry_context::database::{BadUrl, Database};
use sentry_context::{client, logs, native_crash};

use crate::domain::unconfirmed::Unconfirmed;
use crate::server::{BindError, Server};
use crate::settings::{SERVICE, Settings, SettingsError};

/// How long messages may take to the broker once nobody is served any more.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(3);

/// How long unconfirmed payments may take then.
const UNCONFIRMED_TIMEOUT: Duration = Duration::from_secs(2);

/// The whole process: settings, Sentry, runtime, server. Exit status 2 means that it could not start.
pub fn main() -> ExitCode {
    if native_crash::is_sacrifice() {
        native_crash::perish(domain::referrals::unguarded_bonus);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("payment: {error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Database(#[from] BadUrl),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the server stopped: {0}")]
    Serve(#[from] std::io::Error),
}

/// Synchronous on purpose: the Sentry client exists before the runtime's threads, and outlives them.
fn run() -> Result<(), StartError> {
    logs::init(SERVICE.name).map_err(SettingsError::from)?;
    let settings = Settings::from_env()?;
    let sentry = client::init(settings.sentry.clone());
    let system = actix_web::rt::System::new();
    system.block_on(async {
        let database = Database::connect(settings.mongodb_url.as_deref()).await?;
        let publisher = Publisher::start(settings.rabbitmq.clone(), &sentry.hub());
        let unconfirmed = Unconfirmed::default();
        actix_web::rt::spawn(upkeep::run(database.clone(), unconfirmed.clone()));
        let server =
            Server::bind(&settings, sentry.hub(), database.clone(), unconfirmed.clone(), publisher.clone())?;
        tracing::info!(address = %server.address(), "payment listens");
        server.run().await.map_err(StartError::Serve)?;
        let left = unconfirmed.finish(&database, UNCONFIRMED_TIMEOUT).await;
        if left > 0 {
            tracing::error!(left, "payments stay unconfirmed: their callers were told that they failed");
        }
        let lost = publisher.finish(PUBLISH_TIMEOUT).await;
        if lost > 0 {
            tracing::warn!(lost, "not all messages reached RabbitMQ in time");
        }
        Ok::<_, StartError>(())
    })?;
    if !sentry.finish() {
        tracing::warn!("not everything reached Sentry in time");
    }
    Ok(())
}

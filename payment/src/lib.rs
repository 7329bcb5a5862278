//! Payment: balances, and how booking them breaks.
//!
//! - [`settings`], [`server`]: the environment, and the server from bind to drain
//! - `routes`: every route on one page
//! - `business`: what the service is for
//! - [`domain`]: the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler
//! - [`error`]: what can go wrong, and how it is reported

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
use database::{BadUrl, Database};
use sentry_context::logs::{self, LogError};
use sentry_context::{client, process};
use sentry_native::native_crash;

use crate::domain::unconfirmed::Unconfirmed;
use crate::server::{BindError, Server};
use crate::settings::{DATABASE, SERVICE, Settings, SettingsError};

/// How long unconfirmed payments may take once nobody is served any more.
const UNCONFIRMED_TIMEOUT: Duration = Duration::from_secs(2);

/// The whole process: settings, Sentry, runtime, server. Exit status 2 means that it could not start; see
/// [`process`] for the others.
pub fn main() -> ExitCode {
    if native_crash::is_crash_child() {
        native_crash::crash(domain::referrals::unguarded_bonus);
    }
    process::exit_code(SERVICE.name, run())
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Database(#[from] BadUrl),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the server stopped: {0}")]
    Serve(#[from] std::io::Error),
}

fn run() -> Result<(), StartError> {
    logs::init(SERVICE.name)?;
    let settings = Settings::from_env()?;
    let sentry = client::init(settings.sentry.clone());
    let hub = sentry.hub();
    process::run(sentry, async |stop| {
        let database = Database::connect(settings.mongodb_url.as_deref(), DATABASE).await?;
        let publisher = Publisher::start(settings.rabbitmq.clone(), &hub);
        let unconfirmed = Unconfirmed::default();
        upkeep::start(database.clone(), unconfirmed.clone(), publisher.clone(), &hub);
        let server = Server::bind(&settings, hub, database.clone(), unconfirmed.clone(), publisher.clone())?;
        tracing::info!(address = %server.address(), "payment listens");
        server.run_until(stop).await?;
        let left = unconfirmed.finish(&database, UNCONFIRMED_TIMEOUT.min(stop.time_to_publish())).await;
        if left > 0 {
            tracing::error!(left, "payments stay unconfirmed: their callers were reported that they failed");
        }
        let lost = publisher.finish(stop.time_to_publish()).await;
        if lost > 0 {
            tracing::warn!(lost, "not all messages reached RabbitMQ in time");
        }
        Ok(())
    })
}

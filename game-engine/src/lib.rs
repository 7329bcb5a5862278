//! The game engine: spins, return to player, and eight ways to crash.
//!
//! - [`settings`], [`server`]: the environment, and the server from bind to drain
//! - `routes`: every route on one page
//! - `business`: what the service is for
//! - [`domain`]: the game itself, with the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler
//! - [`error`]: what can go wrong, and how it is reported

mod business;
pub mod domain;
pub mod error;
mod routes;
pub mod scenarios;
pub mod server;
pub mod settings;

use std::process::ExitCode;

use broker::Publisher;
use database::{BadUrl, Database};
use sentry_context::logs::{self, LogError};
use sentry_context::{client, process};

use crate::server::{BindError, Server};
use crate::settings::{DATABASE, SERVICE, Settings, SettingsError};

/// The whole process: settings, Sentry, runtime, server. Exit status 2 means that it could not start; see
/// [`process`] for the others.
pub fn main() -> ExitCode {
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
        let server = Server::bind(&settings, hub, database, publisher.clone())?;
        tracing::info!(address = %server.address(), "game-engine listens");
        server.run_until(stop).await?;
        let lost = publisher.finish(stop.time_to_publish()).await;
        if lost > 0 {
            tracing::warn!(lost, "not all messages reached RabbitMQ in time");
        }
        Ok(())
    })
}

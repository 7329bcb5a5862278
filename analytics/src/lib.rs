//! Analytics: what was played and paid, and how its queries break.
//!
//! - [`settings`], [`server`]: the environment, and the server from bind to drain
//! - `routes`, `endpoint`, `endpoints`, `health`: every route on one page, and those that are not scenarios
//! - [`detail`]: FastAPI's list of what is wrong with a request
//! - `openapi`, `docs`: `/openapi.json` from the declarations of the routes, and `/docs`
//! - `business`: what the service is for, and [`consumer`], which counts messages
//! - [`domain`]: the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler

mod business;
pub mod consumer;
pub mod detail;
mod docs;
pub mod domain;
mod endpoint;
mod endpoints;
pub mod error;
mod health;
mod openapi;
mod routes;
pub mod scenarios;
pub mod server;
pub mod settings;
pub mod upkeep;

use std::process::ExitCode;

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
        let consuming = upkeep::start(settings.rabbitmq.clone(), database.clone(), &hub);
        let server = Server::bind(&settings, hub, database, consuming)?;
        tracing::info!(address = %server.address(), "analytics listens");
        Ok(server.run_until(stop).await?)
    })
}

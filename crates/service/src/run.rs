//! A whole process.

use std::process::ExitCode;
use std::sync::Arc;

use sentry_context::client;
use sentry_context::logs::{self, LogError};
use sentry_context::process::{self, Stop};
use sentry_context::sentry::Hub;

use crate::{Application, BindError, Settings, SettingsError};

/// Why a service could not start or serve.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database's URL cannot be used.
    #[error(transparent)]
    Database(#[from] database::BadUrl),
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The log cannot be set up.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Serve(#[from] std::io::Error),
}

/// Runs a service until it ends: its command line, its settings, Sentry, the runtime, the server.
///
/// `build` makes the application. Exit status 2 means that the service could not start; see [`process`] for the others.
pub fn run<S: AsRef<Settings>, D: AsyncFnOnce(&Stop)>(
    service: &'static client::Service,
    settings: impl FnOnce() -> Result<S, SettingsError>,
    build: impl AsyncFnOnce(&S, Arc<Hub>) -> Result<Application<D>, StartError>,
) -> ExitCode {
    process::exit_code(service.name, try_run(service, settings, build))
}

fn try_run<S: AsRef<Settings>, D: AsyncFnOnce(&Stop)>(
    service: &'static client::Service,
    settings: impl FnOnce() -> Result<S, SettingsError>,
    build: impl AsyncFnOnce(&S, Arc<Hub>) -> Result<Application<D>, StartError>,
) -> Result<(), StartError> {
    logs::init(service.name)?;
    let settings = settings()?;
    let sentry = client::init(settings.as_ref().sentry.clone());
    let hub = sentry.hub();
    process::run(sentry, async |stop| {
        let application = build(&settings, hub).await?;
        tracing::info!(address = %application.address(), "{} listens", service.name);
        Ok(application.run_until(stop).await?)
    })
}

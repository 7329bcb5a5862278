//! A service's process from its runtime to its exit, which comes in time, whatever blocks.
//!
//! | | |
//! |---|---|
//! | SIGTERM, SIGINT, SIGHUP | no new connections; requests in flight have [`GRACE`], what is queued for the broker and for Sentry [`DELIVERY`] from then on |
//! | one of them again, or SIGQUIT | requests are cut off; what is queued is delivered or spooled within 3 s |
//! | the deadline passes | the process delivers what it can from another thread, and exits with status 1 |
//!
//! Exit status 0 means that everything was handed over in order, also where requests had to be cut off. A process that
//! was started with SIGHUP ignored, as by `nohup`, goes on ignoring it.

mod signals;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use crate::client::Guard;
use crate::logs;

pub use stop::Stop;

/// How long requests in flight may take once the process is asked to stop.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long everything else may take from then on.
pub const DELIVERY: Duration = Duration::from_secs(5);

/// How long the last log lines may take to whoever reads them.
const LOG_FLUSH: Duration = Duration::from_millis(250);

/// Runs a service on a runtime of its own until it ends, and delivers what is queued for Sentry. `start` serves with
/// [`Stop::serve`]. Synchronous on purpose: the Sentry client exists before the runtime's threads, and outlives them.
pub fn run<E: From<std::io::Error>>(
    sentry: Guard,
    start: impl AsyncFnOnce(&Stop) -> Result<(), E>,
) -> Result<(), E> {
    let stop = signals::watch(sentry.closer())?;
    let system = actix_web::rt::System::new();
    let ended = system.block_on(start(&stop));
    // Its end would wait for whatever still blocks one of its threads, such as the resolution of a name.
    std::mem::forget(system);
    stop.begin_delivery();
    if !sentry.finish_within(stop.time_to_deliver()) {
        tracing::warn!("not everything reached Sentry in time");
    }
    ended
}

/// The exit status of a `main`: 0, or 2 with a line on standard error where the service could not start or serve.
pub fn exit_code<E: std::fmt::Display>(service: &str, ended: Result<(), E>) -> ExitCode {
    logs::flush(LOG_FLUSH);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{service}: {error}");
            ExitCode::from(2)
        }
    }
}

//! The report of the day: a job that reads the figures of today every few minutes, and reports them as metrics. It checks
//! in at a monitor of Sentry Crons, which notices when it fails, takes too long or does not run.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, State};
use sentry_context::monitor::{Monitor, Schedule, Unit};
use sentry_context::sentry::Hub;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::business::day;

/// Between two looks whether the database was tried.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the job forever, if it is to run, and there is a database to read.
pub(crate) fn start(every: Option<Duration>, database: Database, hub: &Arc<Hub>) {
    if let Some(every) = every.filter(|_| database.is_configured()) {
        actix_web::rt::spawn(run(every, database, Arc::clone(hub)));
    }
}

async fn run(every: Duration, database: Database, hub: Arc<Hub>) {
    let monitor = monitor(every);
    while database.state() == State::Connecting {
        sleep(PAUSE).await;
    }
    let mut ticks = interval(every);
    // A run that was late is no reason for the next to come sooner.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let report = async {
            day::report(&database).await.inspect_err(|error| {
                error.report();
            })
        };
        // Its failure is reported: the next run may go well.
        let _ = monitor.run(&hub, report).await;
    }
}

/// Queries end within 20 s.
fn monitor(every: Duration) -> Monitor {
    let minutes = every.as_secs().div_ceil(60).max(1);
    Monitor {
        slug: "day-report",
        schedule: Schedule::Every(minutes, Unit::Minute),
        margin_minutes: 1,
        max_runtime_minutes: 1,
    }
}

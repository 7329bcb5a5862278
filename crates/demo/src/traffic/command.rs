//! `demo traffic`: makes a running demo generate traffic, shows the progress, and examines its traces.

use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use super::waterfalls::{self, Waterfalls};
use super::{BadOptions, Counts};
use crate::cli::TrafficOptions;
use crate::running::{RunningDemo, RunningError};
use crate::signals::asked_to_stop;
use crate::terminal::{self, Progress, say};

/// How often the page is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// Exit status where waterfalls are not whole.
const NOT_WHOLE: u8 = 1;

const PATH: &str = "/api/stage/traffic";

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
enum TrafficError {
    #[error(transparent)]
    Running(#[from] RunningError),
    #[error(transparent)]
    Options(#[from] BadOptions),
    #[error("the traffic is gone: was the demo restarted?")]
    Gone,
}

/// Runs until the time is up, or until SIGINT or SIGTERM, which stop the traffic. Status 1 if traces are not whole, 2 if
/// it cannot run.
pub async fn main(options: TrafficOptions) -> ExitCode {
    match run(&options).await {
        Ok((counts, waterfalls)) => {
            say(&summary(&counts));
            if waterfalls.looked_at > 0 {
                say(&waterfalls.text());
            }
            if waterfalls.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_WHOLE) }
        }
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

async fn run(options: &TrafficOptions) -> Result<(Counts, Waterfalls), TrafficError> {
    let chosen = options.options.checked()?;
    let demo = RunningDemo::at(&options.page)?;
    let discarded = waterfalls::discarded(&demo).await?;
    demo.post(PATH, &chosen).await?;
    let state = played(&demo).await?;
    let by_broker = state.counts_rounds();
    let counts = state.traffic.ok_or(TrafficError::Gone)?;
    let waterfalls = tokio::select! {
        found = waterfalls::look(&demo, counts.started_at, by_broker, discarded) => found?,
        () = asked_to_stop() => Waterfalls::default(),
    };
    Ok((counts, waterfalls))
}

/// How it is at the end.
async fn played(demo: &RunningDemo) -> Result<State, TrafficError> {
    let progress = Progress::start();
    let stop = asked_to_stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => {
                demo.delete(PATH).await?;
                return Ok(state(demo).await?);
            }
            () = sleep(LOOK) => {}
        }
        let state = state(demo).await?;
        let counts = state.traffic.as_ref().ok_or(TrafficError::Gone)?;
        if !counts.running {
            return Ok(state);
        }
        progress.show(&line(counts));
    }
}

/// What of the page's state is of interest here.
#[derive(Debug, Deserialize)]
struct State {
    services: Vec<Service>,
    traffic: Option<Counts>,
}

#[derive(Debug, Deserialize)]
struct Service {
    name: String,
    dependencies: std::collections::BTreeMap<String, String>,
}

impl State {
    /// Whether analytics hears of rounds: it has what it needs for that.
    fn counts_rounds(&self) -> bool {
        let analytics = self.services.iter().find(|service| service.name == "analytics");
        analytics.is_some_and(|it| {
            ["mongodb", "rabbitmq"]
                .iter()
                .all(|name| it.dependencies.get(*name).is_some_and(|state| state == "up"))
        })
    }
}

async fn state(demo: &RunningDemo) -> Result<State, RunningError> {
    demo.get("/api/stage/state").await
}

fn line(counts: &Counts) -> String {
    let left = (counts.ends_at - inbox::timestamp::now()).max(0.0);
    let p95 = counts.p95_ms.map(|p95| format!(", p95 {p95:.0} ms")).unwrap_or_default();
    format!(
        "{} visits, {:.1}/s{p95}, {} refused, {} failed, {left:.0} s left",
        counts.all(),
        counts.rate,
        counts.refused,
        counts.failed
    )
}

fn summary(counts: &Counts) -> String {
    let kinds = counts.visits.iter().map(|(kind, number)| {
        let name = serde_json::to_value(kind).ok();
        format!("{} {number}", name.as_ref().and_then(Value::as_str).unwrap_or_default())
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let lasted = counts.lasted.max(f64::EPSILON);
    let p95 = counts.p95_ms.map(|p95| format!(", p95 of the last {p95:.0} ms")).unwrap_or_default();
    format!(
        "{} visits in {lasted:.0} s, {:.1}/s ({kinds}), {} refused, {} failed{p95}",
        counts.all(),
        counts.all() as f64 / lasted,
        counts.refused,
        counts.failed
    )
}

//! What is measured.

mod business;
mod delivery;
mod mixture;
mod profiling;
mod saturation;
mod setup;
mod start;

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use crate::Error;
use crate::affinity::{self, Cores};
use setup::Setup;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) time: Duration,
    pub(crate) rounds: usize,
    pub(crate) workers: Option<usize>,
    /// All of them, if none is named.
    pub(crate) parts: Vec<Part>,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The plain route as fast as it goes.
    Plain,
    /// The error route as fast as it goes.
    Error,
    /// The panic route as fast as it goes.
    Panic,
    /// `/calculate` and `/process` as fast as they go, with database and broker.
    Business,
    /// 1,000 requests a second.
    Steady,
    /// 10,000 errors and panics at once.
    Bursts,
    /// 10,000 errors among 50,000 ordinary requests.
    Flood,
    /// A Sentry that is down for 20 s.
    Outage,
    /// SIGTERM amidst errors, with a spool.
    Shutdown,
    /// Memory when idle, time to the first answer.
    Start,
    /// A service under load that panics, leaks, stalls and has children that crash, while it is profiled.
    Mixture,
    /// Everything with profiling off and on.
    Profiling,
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Cores of the service.
    pub(crate) cores: usize,
    pub(crate) workers: usize,
    /// Of the machine, over one minute, before and after: other load spoils the figures.
    pub(crate) load_average: [f64; 2],
    pub(crate) saturation: Vec<Saturation>,
    pub(crate) delivery: Vec<Delivery>,
    pub(crate) start: Vec<Start>,
    pub(crate) profiling: Vec<Profiling>,
}

/// A route at saturation: medians over the rounds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Saturation {
    pub(crate) route: &'static str,
    pub(crate) variant: String,
    pub(crate) sentry_delay_ms: u64,
    pub(crate) requests_per_second: f64,
    /// Of the bare one, or of the one whose Sentry is off.
    pub(crate) ratio: f64,
    /// CPU time for each request, microseconds: other load on the machine does not change it much.
    pub(crate) processor_us: f64,
    /// Without the threads that deliver to Sentry.
    pub(crate) server_us: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) rss_mib: f64,
    /// Requests of one round, and so transactions, and on two of the routes events.
    pub(crate) made: u64,
    pub(crate) transactions: u64,
    pub(crate) events: u64,
    /// As client reports say.
    pub(crate) discarded_transactions: u64,
    pub(crate) discarded_events: u64,
}

/// What arrives of what is made.
#[derive(Debug, Serialize)]
pub(crate) struct Delivery {
    pub(crate) what: String,
    pub(crate) variant: String,
    pub(crate) sentry_delay_ms: u64,
    pub(crate) answered: u64,
    pub(crate) requests_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) events_made: u64,
    pub(crate) events: u64,
    pub(crate) events_twice: u64,
    pub(crate) discarded_events: u64,
    pub(crate) transactions_made: u64,
    pub(crate) transactions: u64,
    pub(crate) discarded_transactions: u64,
    pub(crate) peak_mib: f64,
    pub(crate) after_mib: f64,
}

/// A service that has nothing to do yet.
#[derive(Debug, Serialize)]
pub(crate) struct Start {
    pub(crate) service: &'static str,
    pub(crate) idle_mib: f64,
    pub(crate) first_answer_ms: f64,
}

/// What a service takes with profiling off and on: medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Profiling {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) off: f64,
    pub(crate) on: f64,
}

/// Measures everything that is planned.
pub(crate) fn measure(plan: &Plan) -> Result<Report, Error> {
    let cores = Cores::share_out()?;
    let workers = plan.workers.unwrap_or(cores.service.len());
    affinity::pin(&cores.rest)?;
    let setup = Setup { workers, cores };
    let mut report = Report { cores: setup.cores.service.len(), workers, ..Report::default() };
    report.load_average[0] = load_average();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        saturation::measure(plan, &setup, &mut report.saturation).await?;
        if plan.includes(Part::Business) {
            business::measure(plan, &setup, &mut report.saturation).await?;
        }
        delivery::measure(plan, &setup, &mut report.delivery).await?;
        if plan.includes(Part::Mixture) {
            report.delivery.push(mixture::measure(&setup).await?);
        }
        if plan.includes(Part::Start) {
            start::measure(&setup, &mut report.start).await?;
        }
        if plan.includes(Part::Profiling) {
            profiling::measure(plan, &setup, &mut report.profiling).await?;
        }
        Ok::<(), Error>(())
    })?;
    report.load_average[1] = load_average();
    Ok(report)
}

impl Plan {
    fn includes(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }
}

/// Says on standard error what goes on: a run takes minutes.
fn say(what: &str) {
    eprintln!("… {what}");
}

fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

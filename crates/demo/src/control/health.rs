//! Figures of each service over the last five minutes: requests, their slowest twentieth, errors, and what the process
//! uses. Requests and errors are counted as they arrive in the inbox, so they are those that Sentry sees.

use std::time::Duration;

use inbox::{EventSummary, Inbox, TransactionSummary, timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Control;
use super::point::Point;
use super::process::{self, Usage};

/// Between two points.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// How many are kept: five minutes.
pub const KEPT: usize = 150;

/// Over how much of the past a percentile is taken, seconds.
const WINDOW: f64 = 10.0;

/// A service as it was looked at the last time.
struct Looked {
    url: String,
    pid: Option<u32>,
    at: Instant,
    usage: Option<Usage>,
}

/// Adds a point to each service, again and again.
pub(super) async fn sample(control: Control) {
    let mut ticks = interval(INTERVAL);
    // Two points of one moment say nothing.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before: Vec<Looked> = Vec::new();
    let mut since = timestamp::now();
    loop {
        ticks.tick().await;
        let Some(inbox) = control.receiver() else { return };
        let now = timestamp::now();
        let (events, transactions) = inbox.arrived_since(now - WINDOW);
        let (supervised, services) = control.read(|state| {
            let known = state.services.iter().map(|it| (it.name.clone(), it.url.clone(), it.pid));
            (state.supervised, known.collect::<Vec<_>>())
        });
        let mut looked = Vec::with_capacity(services.len());
        for (name, url, pid) in services {
            let own = |service: &Option<String>| service.as_deref() == Some(name.as_str());
            let requests: Vec<_> =
                transactions.iter().filter(|it| own(&it.service) && is_request(it)).collect();
            let errors =
                events.iter().filter(|it| own(&it.service) && is_error(it) && it.received_at > since);
            let mut point = counted(&requests, errors.count(), (since, now));
            let known = before.iter().find(|it| it.url == url && it.pid == pid);
            let usage = pid.and_then(process::usage);
            match (usage, pid) {
                (Some(usage), _) => use_of(&mut point, usage, known),
                // The newest request of one that is just being restarted is of its former version.
                (None, None) if !supervised => last_known(&mut point, &inbox, &name, &control, &url),
                (None, _) => {}
            }
            looked.push(Looked { url: url.clone(), pid, at: Instant::now(), usage });
            control.add_point(&url, point);
        }
        (before, since) = (looked, now);
    }
}

impl Control {
    /// Points make no new version of the state: the page asks for them by itself.
    fn add_point(&self, url: &str, point: Point) {
        let mut state = self.lock();
        let Some(service) = state.services.iter_mut().find(|service| service.url == url) else { return };
        service.points.push_back(point);
        if service.points.len() > KEPT {
            service.points.pop_front();
        }
    }

    /// The points of each service that are younger, by its name.
    pub fn points_after(&self, time: f64) -> Vec<(String, Vec<Point>)> {
        self.read(|state| {
            let younger = |service: &super::known::KnownService| {
                service.points.iter().filter(|point| point.at > time).cloned().collect()
            };
            state.services.iter().map(|service| (service.name.clone(), younger(service))).collect()
        })
    }
}

fn is_request(transaction: &TransactionSummary) -> bool {
    transaction.op.as_deref() == Some("http.server")
}

fn is_error(event: &EventSummary) -> bool {
    matches!(event.level.as_str(), "error" | "fatal")
}

fn counted(requests: &[&TransactionSummary], errors: usize, (since, now): (f64, f64)) -> Point {
    let seconds = (now - since).max(0.001);
    let recent = requests.iter().filter(|it| it.received_at > since).count();
    let mut durations: Vec<f64> = requests.iter().filter_map(|it| it.duration_ms).collect();
    durations.sort_by(f64::total_cmp);
    Point {
        // Whole milliseconds are the same number whoever reads it, so that the page can ask for what came after.
        at: (now * 1_000.0).round() / 1_000.0,
        requests_per_s: recent as f64 / seconds,
        errors_per_s: errors as f64 / seconds,
        p95_ms: durations.get((durations.len() * 95).div_ceil(100).saturating_sub(1)).copied(),
        memory_mb: None,
        cpu_percent: None,
        threads: None,
        open_files: None,
    }
}

fn use_of(point: &mut Point, usage: Usage, before: Option<&Looked>) {
    let percent = |before: &Looked| {
        let seconds = before.at.elapsed().as_secs_f64();
        Some((usage.cpu_seconds - before.usage?.cpu_seconds).max(0.0) / seconds.max(0.001) * 100.0)
    };
    point.memory_mb = Some(usage.memory_mb);
    point.threads = Some(usage.threads);
    point.open_files = Some(usage.open_files);
    point.cpu_percent = before.and_then(percent);
}

/// A process elsewhere says how it is with each request.
fn last_known(point: &mut Point, inbox: &Inbox, name: &str, control: &Control, url: &str) {
    let Some(newest) = inbox.newest_transaction_of(name) else { return };
    let runtime = |field: &str| &newest["contexts"]["runtime"][field];
    point.memory_mb = runtime("memory_mb").as_f64();
    point.cpu_percent = runtime("cpu_percent").as_f64();
    point.threads = runtime("threads").as_u64();
    point.open_files = runtime("open_fds").as_u64();
    if let Some((_, version)) = newest["release"].as_str().and_then(|release| release.split_once('@')) {
        let version = super::known::clipped(version);
        control.change_service(url, |known| known.version = Some(version));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(received_at: f64, duration_ms: f64) -> TransactionSummary {
        let summary: Value = json!({ "event_id": "", "project": "1", "received_at": received_at, "transaction": "GET /",
            "op": "http.server", "status": "ok", "duration_ms": duration_ms, "trace_id": null, "span_id": null,
            "parent_span_id": null, "span_count": 0, "run_id": null, "service": "shop" });
        serde_json::from_value(summary).unwrap()
    }

    #[test]
    fn requests_are_counted_since_the_last_point_and_timed_over_ten_seconds() {
        let requests: Vec<_> = (1..=20).map(|n| request(f64::from(n) / 2.0, f64::from(n))).collect();
        let point = counted(&requests.iter().collect::<Vec<_>>(), 1, (8.0, 10.0));
        assert_eq!((point.requests_per_s, point.errors_per_s, point.p95_ms), (2.0, 0.5, Some(19.0)));
        let none = counted(&[], 0, (8.0, 10.0));
        assert_eq!((none.requests_per_s, none.p95_ms), (0.0, None));
    }
}

//! Whether a service is in the same state as before it was made to fail.
//!
//! Every event describes the state of its service: number of threads and open files, and when its process started. So a
//! probe is one more scenario, fired before all others and after them. It needs no access to the process, and works for
//! services that run elsewhere.

use std::time::Duration;

use scenario::Method;
use scenario::listing::Entry;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::checked::Checked;
use super::fire::ScenarioClient;
use super::mismatch::{Findings, Mismatch};
use super::payload::Payload;
use super::received::InboxApi;
use super::selection::Selected;

/// How often the inbox is asked for the probe's event.
const POLL: Duration = Duration::from_millis(25);

/// Pause between probes. Services sample twice a second; a multiple of that could meet every sample, and
/// count the probe's own connection each time.
const PAUSE: Duration = Duration::from_millis(230);

/// How long a service is probed at first, seconds: until it has sampled itself once more after it opened what
/// the first event needs (connections, symbol tables).
const WARM_UP: f64 = 0.6;

/// Open files beyond those before that are no leak: a service keeps connections to Sentry for a while, and
/// event, session and transaction of one probe may go over one each, or after one another over the same.
const KEPT_CONNECTIONS: u64 = 4;

/// Threads beyond those before that are no leak: where Sentry has a name, a new connection looks it up on a thread that
/// waits for another look-up for ten seconds. The probes may need some connections themselves.
const LOOK_UPS: u64 = 1;

/// A service under examination.
#[derive(Debug)]
pub struct RecoveryProbe<'a> {
    service: &'a Checked,
    /// A scenario whose event says how the service is; `None` if no scenario makes an event.
    probe: Option<&'a Entry>,
    client: &'a ScenarioClient,
    inbox: &'a InboxApi,
    limit: Duration,
    before: Option<Vitals>,
}

/// What a service says about its process.
#[derive(Debug, Clone, Serialize)]
pub struct Vitals {
    /// When the process started, as the service writes it.
    pub started: Value,
    /// How long it runs, seconds.
    pub uptime_seconds: f64,
    /// Its threads.
    pub threads: u64,
    /// Its open file descriptors.
    pub open_fds: u64,
}

/// How a service is after the check.
#[derive(Debug, Serialize)]
pub struct Recovery {
    /// Its name.
    pub service: String,
    /// Where it is.
    pub url: String,
    /// Before the first scenario; null where no event says it.
    pub before: Option<Vitals>,
    /// After the last.
    pub after: Option<Vitals>,
    /// What is not as before.
    pub mismatches: Vec<Mismatch>,
}

impl<'a> RecoveryProbe<'a> {
    /// The services of the selected scenarios. Each examination takes at most `limit`.
    pub fn of(
        selected: &[Selected<'a>],
        client: &'a ScenarioClient,
        inbox: &'a InboxApi,
        limit: Duration,
    ) -> Vec<Self> {
        let mut services: Vec<&'a Checked> = selected.iter().map(|it| it.service).collect();
        services.dedup_by(|a, b| std::ptr::eq(*a, *b));
        let probe = |service: &'a Checked| {
            let probe = probe(service);
            Self { service, probe, client, inbox, limit, before: None }
        };
        services.into_iter().map(probe).collect()
    }

    /// Notes how the service is, warmed up.
    pub async fn examine_before(&mut self) {
        let deadline = Instant::now() + self.limit;
        let mut first = None;
        while let Some(vitals) = self.vitals(deadline).await {
            let since = *first.get_or_insert(vitals.uptime_seconds);
            let warm = vitals.uptime_seconds >= since + WARM_UP;
            self.before = Some(vitals);
            if warm || Instant::now() >= deadline {
                break;
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until the service is as before, and says what is not when the time is up.
    pub async fn examine_after(self) -> Recovery {
        let deadline = Instant::now() + self.limit;
        loop {
            let mut findings = Findings::default();
            let health = self.client.health(&self.service.url).await;
            findings.hold("/health", health == Ok(200), "200", health.map_or_else(Value::from, Value::from));
            // Without an event before, nothing can be compared: the first wait was long enough.
            let after = if self.before.is_some() { self.vitals(deadline).await } else { None };
            self.compare(&mut findings, after.as_ref());
            let mismatches = findings.into_vec();
            if mismatches.is_empty() || self.before.is_none() || Instant::now() >= deadline {
                let service = self.service.catalogue.service.clone();
                return Recovery {
                    service,
                    url: self.service.url.clone(),
                    before: self.before,
                    after,
                    mismatches,
                };
            }
            sleep(PAUSE).await;
        }
    }

    fn compare(&self, findings: &mut Findings, after: Option<&Vitals>) {
        let (Some(before), Some(after)) = (&self.before, after) else {
            let reported = self.probe.is_none();
            return findings.hold(
                "probe",
                reported,
                "an event with contexts.runtime and contexts.app",
                Value::Null,
            );
        };
        findings.equal("process started at", before.started.clone(), after.started.clone());
        let mut at_most = |field: &str, most: u64, got: u64| {
            findings.hold(field, got <= most, &format!("at most {most}"), got);
        };
        at_most("threads", before.threads + LOOK_UPS, after.threads);
        at_most("open_fds", before.open_fds + KEPT_CONNECTIONS, after.open_fds);
    }

    /// Fires the probe and waits for what its event says; `None` if none comes, or it does not say.
    async fn vitals(&self, deadline: Instant) -> Option<Vitals> {
        let call = self.client.fire(self.service, self.probe?).await;
        loop {
            let received = self.inbox.received(&call).await.ok()?;
            if let Some(event) = received.events.first() {
                return Vitals::of(Payload(event));
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(POLL).await;
        }
    }
}

impl Vitals {
    fn of(event: Payload<'_>) -> Option<Self> {
        let runtime = |field: &str| event.at(&format!("/contexts/runtime/{field}"));
        Some(Self {
            started: Some(event.at("/contexts/app/app_start_time")).filter(|it| !it.is_null())?.clone(),
            uptime_seconds: runtime("uptime_seconds").as_f64()?,
            threads: runtime("threads").as_u64()?,
            open_fds: runtime("open_fds").as_u64()?,
        })
    }
}

/// The mildest scenario that makes one event at once: an error that is handled, rather than a panic.
fn probe(service: &Checked) -> Option<&Entry> {
    let scenarios = service.catalogue.scenarios.iter().filter(|it| it.unavailable.is_none());
    let quick =
        scenarios.filter(|it| it.method == Method::Get && it.expect.events == 1 && it.takes_no_number());
    quick.min_by_key(|it| (it.expect.status < 500, it.expect.event.handled != Some(true)))
}

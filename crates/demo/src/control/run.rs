//! One call of a scenario: its answer, its events as they arrive, and what of the promise was kept.

use std::time::Duration;

use inbox::{EventSummary, timestamp};
use scenario::listing::Entry;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};

use super::known::clipped;
use super::{Control, watch};
use crate::check::call::Call;
use crate::check::checked::Checked;
use crate::check::error::CheckError;
use crate::check::mismatch::{Mismatch, Part};
use crate::check::selection::Selected;
use crate::check::{compare, jobs, profiles};
use crate::terminal::Progress;

/// After that long without all promised events, the page says that they are late.
pub const LATE: Duration = Duration::from_secs(5);

/// How long promised events are waited for: the machine may be busy.
pub const WAIT: Duration = Duration::from_secs(60);

/// How long after the verdict a surplus event is waited for.
const SETTLE: Duration = Duration::from_secs(1);

/// How often the inbox is looked at: at first, and after a second.
const SOON: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_millis(100);

/// Most events of a run that are shown.
const SHOWN: usize = 20;

/// Most differences that are shown of a run.
const DIFFERENCES: usize = 50;

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Its id, the tag `demo.run_id` of its events.
    pub id: String,
    /// The call's trace, as soon as it is known.
    pub trace_id: Option<String>,
    /// When it began, seconds since 1970.
    pub started_at: f64,
    /// How far it is.
    pub phase: Phase,
    /// The answer, once it is there.
    pub answer: Option<Answered>,
    /// The events that have arrived, oldest first.
    pub events: Vec<Seen>,
    /// How many events are promised.
    pub promised: usize,
    /// The transaction, once it has arrived.
    pub transaction: Option<String>,
    /// What of the promise was compared; empty until then.
    pub parts: Vec<Part>,
    /// Where it differs.
    pub mismatches: Vec<Mismatch>,
    /// Why there is no verdict.
    pub error: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The answer is awaited.
    Called,
    /// Events are awaited.
    Waiting,
    /// Events are awaited for longer than they should take.
    Late,
    /// The verdict is there; a surplus event or the profile may still change it.
    Judged,
    /// It is over.
    Done,
}

/// An answer, as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// HTTP status; `None` if there was no answer.
    pub status: Option<u16>,
    /// Its body, or why there is none, cut short.
    pub body: String,
    /// How long it took.
    pub elapsed_ms: f64,
}

/// An event that has arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Its id, 32 hex digits.
    pub event_id: String,
    /// Its issue.
    pub issue_id: String,
    /// Its level.
    pub level: String,
    /// `Type: value`, or the message.
    pub title: String,
    /// When it arrived after the call had begun.
    pub after_ms: f64,
}

impl Run {
    pub(super) fn new(id: String, promised: usize) -> Self {
        Self {
            id,
            trace_id: None,
            started_at: timestamp::now(),
            phase: Phase::Called,
            answer: None,
            events: Vec::new(),
            promised,
            transaction: None,
            parts: Vec::new(),
            mismatches: Vec::new(),
            error: None,
        }
    }

    /// Whether it makes another run of its scenario wait.
    pub fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Called | Phase::Waiting | Phase::Late)
    }

    fn answered(&mut self, call: &Call) {
        let (status, body) = match &call.answer {
            Ok(answer) => (Some(answer.status), answer.body.to_string()),
            Err(reason) => (None, reason.clone()),
        };
        let elapsed_ms = milliseconds(call.elapsed);
        self.answer = Some(Answered { status, body: clipped(&body), elapsed_ms });
        self.trace_id = Some(call.trace_id.clone());
        self.phase = Phase::Waiting;
    }

    fn saw(&mut self, events: &[EventSummary], transaction: Option<String>) {
        let seen = |event: &EventSummary| Seen {
            event_id: event.event_id.clone(),
            issue_id: event.issue_id.clone(),
            level: event.level.clone(),
            title: clipped(&event.title),
            after_ms: ((event.received_at - self.started_at) * 1000.0).max(0.0),
        };
        self.events = events.iter().take(SHOWN).map(seen).collect();
        self.transaction = transaction;
    }

    fn judged(&mut self, parts: &[Part], mismatches: Vec<Mismatch>) {
        self.parts = parts.to_vec();
        self.mismatches = mismatches.into_iter().take(DIFFERENCES).map(shortened).collect();
        self.phase = Phase::Judged;
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A difference whose values are no longer than what is kept of texts.
fn shortened(mismatch: Mismatch) -> Mismatch {
    let short = |value: Value| match value {
        Value::String(text) => clipped(&text).into(),
        Value::Array(_) | Value::Object(_) => clipped(&value.to_string()).into(),
        other => other,
    };
    Mismatch { promised: short(mismatch.promised), got: short(mismatch.got), ..mismatch }
}

/// A scenario to call, with the numbers that were chosen, of a service that serves.
pub(super) struct Target {
    pub(super) service: Checked,
    pub(super) scenario: Entry,
    /// Its share of what may run at once.
    pub(super) permit: OwnedSemaphorePermit,
}

/// Calls the scenario and follows what comes of it.
pub(super) async fn follow(control: Control, id: String, Target { service, scenario, permit }: Target) {
    let call = control.0.client.fire_in(id.clone(), &service.url, &scenario).await;
    control.change_run(&scenario.id, &id, |run| run.answered(&call));
    arrive(&control, &id, &call, &scenario).await;
    let it = Selected { service: &service, scenario: &scenario };
    let judged = judge(&control, &id, &call, it).await;
    drop(permit);
    watch::read_catalogue(&control, &service.url).await;
    if judged.is_ok() {
        sleep(SETTLE).await;
        let judged = judge(&control, &id, &call, it).await;
        if judged.is_ok_and(|parts| parts.iter().all(|part| part.kept)) {
            look_at_profile(&control, &id, &call, it).await;
        }
    }
    control.change_run(&scenario.id, &id, |run| run.phase = Phase::Done);
}

/// Shows events and transaction as they arrive, until all that is promised is there.
async fn arrive(control: &Control, id: &str, call: &Call, scenario: &Entry) {
    let begun = Instant::now();
    let mut shown = (0, false);
    while let Some(inbox) = control.receiver() {
        let (events, transactions) = inbox.caused_by(id, Some(&call.trace_id));
        let of_request = transactions.iter().find(|it| it.run_id.as_deref() == Some(id));
        if shown != (events.len(), of_request.is_some()) {
            shown = (events.len(), of_request.is_some());
            let transaction = of_request.map(|it| it.event_id.clone());
            control.change_run(&scenario.id, id, |run| run.saw(&events, transaction));
        }
        if (events.len() >= scenario.expect.events && !transactions.is_empty()) || begun.elapsed() >= WAIT {
            return;
        }
        if begun.elapsed() >= LATE {
            let late = |run: &mut Run| run.phase = Phase::Late;
            if control
                .read(|state| state.runs.get(&scenario.id).is_some_and(|run| run.phase == Phase::Waiting))
            {
                control.change_run(&scenario.id, id, late);
            }
        }
        sleep(if begun.elapsed() < Duration::from_secs(1) { SOON } else { LATER }).await;
    }
}

/// Compares what has arrived with the promise.
async fn judge(control: &Control, id: &str, call: &Call, it: Selected<'_>) -> Result<Vec<Part>, CheckError> {
    let received =
        control.0.inbox.received(call).await.inspect_err(|error| failed(control, id, it, error))?;
    let mut findings = compare::compare(&it.service.catalogue.service, it.scenario, call, &received);
    let job = it.scenario.expect.job.as_ref();
    let job = jobs::compare(&control.0.inbox, job, call, LATE).await;
    findings.include(job.inspect_err(|error| failed(control, id, it, error))?);
    let parts = findings.parts().to_vec();
    let mismatches = findings.into_vec();
    if let Some(inbox) = control.receiver() {
        let (events, _) = inbox.caused_by(id, Some(&call.trace_id));
        control.change_run(&it.scenario.id, id, |run| {
            let transaction = run.transaction.take();
            run.saw(&events, transaction);
            run.judged(&parts, mismatches);
        });
    }
    Ok(parts)
}

fn failed(control: &Control, id: &str, it: Selected<'_>, error: &CheckError) {
    control.change_run(&it.scenario.id, id, |run| run.error = Some(clipped(&error.to_string())));
}

/// Adds what the profile shows, once its chunk has arrived.
async fn look_at_profile(control: &Control, id: &str, call: &Call, it: Selected<'_>) {
    if it.scenario.expect.hot_function.is_none() || !it.service.catalogue.profiled {
        return;
    }
    let Ok(received) = control.0.inbox.received(call).await else { return };
    let silent = Progress::listen(|_| {});
    let compared = profiles::compare(&control.0.inbox, &it, &received, WAIT, &silent).await;
    control.change_run(&it.scenario.id, id, |run| match compared {
        Ok(mismatch) => {
            run.parts.push(Part { name: "profile", kept: mismatch.is_none() });
            run.mismatches.extend(mismatch.map(shortened));
        }
        Err(error) => run.error = Some(clipped(&error.to_string())),
    });
}

//! The comparison of one call's answer, events and transaction with the promise of its scenario.
//!
//! What is compared is what `events.md` of the product asks of every event, and what the catalogue promises
//! of this one. All differences are reported, not the first.

mod answer;
mod contexts;
mod event;
mod frame;
mod transaction;

use scenario::Level;
use scenario::listing::{Entry, EventPromise};
use serde_json::Value;

use super::call::Call;
use super::mismatch::Findings;
use super::payload::Payload;
use super::received::Received;

/// What every part of the comparison may need to know.
#[derive(Clone, Copy)]
struct About<'a> {
    service: &'a str,
    scenario: &'a Entry,
    call: &'a Call,
}

/// What `scenario` of `service` promises, compared with what the call brought about: every part, every difference.
pub fn compare(service: &str, scenario: &Entry, call: &Call, received: &Received) -> Findings {
    let about = About { service, scenario, call };
    let promised = promised(scenario);
    let pairs = pair(&promised, &received.events);
    let first = pairs.first().and_then(|(_, event)| *event);

    let mut findings = Findings::default();
    answer::compare(&mut findings, about, first, &received.events);
    let got: Vec<_> = received.events.iter().map(|event| Payload(event).label()).collect();
    if got.len() == promised.len() {
        findings.equal("events", promised.len(), got.len());
    } else {
        let promised: Vec<_> = promised.iter().map(label).collect();
        findings.differ("events", promised, got);
    }
    for (index, (promise, event)) in pairs.iter().enumerate() {
        let Some(event) = event else { continue };
        let name = if pairs.len() == 1 { "event".to_owned() } else { format!("event {}", index + 1) };
        let mut part = Findings::about(name);
        event::compare(&mut part, about, promise, *event);
        findings.include(part);
    }
    transaction::compare(&mut findings, about, &received.transactions);
    findings
}

/// A promise for each promised event; one that is only counted must still be what every event is.
fn promised(scenario: &Entry) -> Vec<EventPromise> {
    let mut promised: Vec<_> = scenario.expect.all_events().cloned().collect();
    promised.resize(scenario.expect.events, EventPromise::default());
    promised
}

type Pair<'a> = (&'a EventPromise, Option<Payload<'a>>);

/// Gives each promise its event: events of one call may come in any order. What resembles a promise goes
/// to it, so that one missing event is not reported as if all were wrong; the rest is paired in order.
fn pair<'a>(promised: &'a [EventPromise], events: &'a [Value]) -> Vec<Pair<'a>> {
    let mut left: Vec<_> = events.iter().map(Payload).collect();
    let mut pairs: Vec<Pair<'a>> = Vec::with_capacity(promised.len());
    for promise in promised {
        let like = left.iter().position(|event| resembles(promise, *event));
        pairs.push((promise, like.map(|index| left.remove(index))));
    }
    let mut left = left.into_iter();
    for (_, event) in pairs.iter_mut().filter(|(_, event)| event.is_none()) {
        *event = left.next();
    }
    pairs
}

fn resembles(promise: &EventPromise, event: Payload<'_>) -> bool {
    match (&promise.ty, &promise.message) {
        (Some(ty), _) => event.ty() == Some(ty),
        (None, Some(start)) => event.message().is_some_and(|message| message.starts_with(start.as_str())),
        (None, None) => false,
    }
}

fn label(promise: &EventPromise) -> String {
    let level = promise.level.map_or("any", Level::as_str);
    format!("{level} {}", promise.ty.as_deref().unwrap_or("message"))
}

/// Nothing that is sent may hold what the caller sent as a secret.
fn keeps_secrets(findings: &mut Findings, about: About<'_>, payload: Payload<'_>) {
    let leaked = payload.0.to_string().contains(&about.call.secret);
    findings.hold("secrets", !leaked, "no value of the headers Cookie and X-Api-Key", "one of them");
}

//! The answer that the caller got.

use serde_json::Value;

use super::About;
use crate::check::call::Answer;
use crate::check::mismatch::Findings;
use crate::check::payload::Payload;

/// From this status on an answer is an error answer, whose JSON says what went wrong.
const FIRST_ERROR: u16 = 400;

pub(super) fn compare(
    findings: &mut Findings,
    about: About<'_>,
    first: Option<Payload<'_>>,
    events: &[Value],
) {
    let status = about.scenario.expect.status;
    match &about.call.answer {
        Err(reason) => findings.differ("answer", format!("status {status}"), reason.as_str()),
        Ok(answer) => {
            findings.equal("answer.status", status, answer.status);
            if answer.status >= FIRST_ERROR {
                error_body(findings, about, answer);
            }
            event_id(findings, about, answer, first, events);
        }
    }
}

fn error_body(findings: &mut Findings, about: About<'_>, answer: &Answer) {
    let body = Payload(&answer.body);
    findings.hold(
        "answer.error",
        body.has_text("/error"),
        "a JSON body that says what happened",
        body.at("/error").clone(),
    );
    match &about.scenario.expect.event.ty {
        Some(ty) => findings.equal("answer.type", ty.as_str(), body.at("/type").clone()),
        None => {
            findings.hold("answer.type", body.has_text("/type"), "the error's type", body.at("/type").clone())
        }
    }
}

/// An error answer names its event, in the body and in a header; any other answer that names one must name
/// its own.
fn event_id(
    findings: &mut Findings,
    about: About<'_>,
    answer: &Answer,
    first: Option<Payload<'_>>,
    events: &[Value],
) {
    let in_body = answer.body.get("event_id").cloned().unwrap_or_default();
    let in_header = answer.event_id_header.clone().map_or(Value::Null, Value::from);
    let must = answer.status >= FIRST_ERROR && about.scenario.expect.events > 0;
    for (field, reported) in [("answer.event_id", in_body), ("answer header X-Sentry-Event-Id", in_header)] {
        match first {
            Some(first) if must => findings.equal(field, first.id(), reported),
            _ => {
                let arrived = events.iter().any(|event| reported == Payload(event).id());
                let fine = arrived || (reported.is_null() && !must);
                findings.hold(field, fine, "the id of an event that arrives", reported);
            }
        }
    }
}

//! The transaction of the request.

use serde_json::Value;

use super::{About, keeps_secrets};
use crate::check::mismatch::Findings;
use crate::check::payload::Payload;

/// There is one of the request's name, with its trace and its status. Others on the trace are work that the
/// request caused elsewhere.
pub(super) fn compare(findings: &mut Findings, about: About<'_>, transactions: &[Value]) {
    let name = about.scenario.transaction();
    let of_request: Vec<_> = transactions
        .iter()
        .map(Payload)
        .filter(|transaction| transaction.at("/transaction") == name.as_str())
        .collect();
    let [transaction] = of_request[..] else {
        let names: Vec<_> = transactions.iter().map(|it| Payload(it).at("/transaction").clone()).collect();
        return findings.differ("transactions", format!("one named `{name}`"), names);
    };
    let mut part = Findings::about("transaction");
    let mut trace = |field: &str, promised: &str| {
        let got = transaction.at(&format!("/contexts/trace/{field}"));
        part.equal(&format!("contexts.trace.{field}"), promised, got.clone());
    };
    trace("trace_id", &about.call.trace_id);
    trace("parent_span_id", &about.call.span_id);
    trace("op", "http.server");
    trace("status", span_status(about.scenario.expect.status));
    tells_its_steps(&mut part, about.scenario.expect.spans, transaction);
    keeps_secrets(&mut part, about, transaction);
    findings.include(part);
}

fn tells_its_steps(part: &mut Findings, promised: usize, transaction: Payload<'_>) {
    let spans = transaction.at("/spans").as_array().map_or(0, Vec::len);
    if spans < promised {
        part.differ("spans", format!("{promised} or more"), spans);
    }
}

/// The span status of an HTTP status, as the
/// [trace context](https://develop.sentry.dev/sdk/event-payloads/contexts/#trace-context) defines it.
fn span_status(http: u16) -> &'static str {
    match http {
        401 => "unauthenticated",
        403 => "permission_denied",
        404 => "not_found",
        409 => "already_exists",
        413 => "failed_precondition",
        429 => "resource_exhausted",
        499 => "cancelled",
        501 => "unimplemented",
        503 => "unavailable",
        504 => "deadline_exceeded",
        400..=498 => "invalid_argument",
        500..=599 => "internal_error",
        _ => "ok",
    }
}

//! `/api/{project}/security/`: what
//! [browsers report](https://docs.sentry.io/platforms/javascript/security-policy-reporting/) of a page's policies.

use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::envelope_of;
use crate::envelope::BadEnvelope;
use crate::surrogates;

/// The reports that browsers send by themselves, each with its name in an event, and what people call it.
const KINDS: [(&str, &str, &str); 4] = [
    ("csp-report", "csp", "Content-Security-Policy"),
    ("expect-ct-report", "expectct", "Expect-CT"),
    ("expect-staple-report", "expectstaple", "Expect-Staple"),
    ("known-pins", "hpkp", "Public-Key-Pins"),
];

/// Most reports of one request.
const MAX_REPORTS: usize = 100;

/// An envelope of an event for each report in the body: an object, or a list by the Reporting API.
pub(super) fn envelope(body: &[u8]) -> Result<Bytes, BadEnvelope> {
    let body: Value = serde_json::from_slice(&surrogates::paired(body))
        .map_err(|error| bad(format!("its payload is not JSON: {error}")))?;
    let events: Vec<_> = match &body {
        Value::Array(reports) => reports.iter().take(MAX_REPORTS).filter_map(of_list).collect(),
        report => KINDS.iter().filter_map(|kind| alone(report, *kind)).take(1).collect(),
    };
    if events.is_empty() {
        return Err(unknown());
    }
    Ok(envelope_of("event", &events.iter().map(Value::to_string).collect::<Vec<_>>()))
}

/// The event of a report that came by itself.
fn alone(body: &Value, (name, interface, policy): (&str, &str, &str)) -> Option<Value> {
    let report = body.get(name)?;
    // Pins have no object of their own.
    let report = if report.is_object() { report } else { body };
    if interface == "csp" {
        let text = |name: &str| report[name].as_str();
        let directive = text("effective-directive").or_else(|| text("violated-directive"));
        return Some(csp(directive, text("blocked-uri"), text("document-uri"), report));
    }
    let host = report["hostname"].as_str().unwrap_or("a host");
    Some(event(interface, &format!("{policy} failed for '{host}'"), report["hostname"].as_str(), report))
}

/// The event of an entry of a list by the Reporting API.
fn of_list(entry: &Value) -> Option<Value> {
    let body = entry.get("body").filter(|_| entry["type"] == "csp-violation")?;
    let text = |name: &str| body[name].as_str();
    let page = text("documentURL").or_else(|| entry["url"].as_str());
    Some(csp(text("effectiveDirective"), text("blockedURL"), page, body))
}

fn csp(directive: Option<&str>, blocked: Option<&str>, page: Option<&str>, report: &Value) -> Value {
    // Older browsers report the whole policy.
    let directive = directive.and_then(|it| it.split_whitespace().next()).unwrap_or("a directive");
    let message =
        format!("Blocked '{directive}' from '{}'", blocked.filter(|it| !it.is_empty()).unwrap_or("self"));
    let mut event = event("csp", &message, page, report);
    event["tags"] = json!({ "effective-directive": directive, "blocked-uri": blocked });
    event["culprit"] = directive.into();
    event
}

fn event(interface: &str, message: &str, page: Option<&str>, report: &Value) -> Value {
    json!({
        "platform": "other",
        "logger": interface,
        "level": "error",
        "logentry": { "message": message },
        "request": { "url": page },
        interface: report,
    })
}

fn unknown() -> BadEnvelope {
    let known: Vec<_> = KINDS.iter().map(|(name, ..)| *name).collect();
    bad(format!("it is no report of a browser; known are {}, csp-violation", known.join(", ")))
}

fn bad(reason: String) -> BadEnvelope {
    BadEnvelope::Payload { item: 1, ty: "security".to_owned(), reason }
}

//! One event and its promise.

use scenario::listing::EventPromise;
use serde_json::Value;

use super::{About, contexts, frame, keeps_secrets};
use crate::check::mismatch::Findings;
use crate::check::payload::Payload;

/// Fewest breadcrumbs that say how it came to an event: the request and a step.
const FEWEST_BREADCRUMBS: usize = 2;

/// The levels that Sentry knows for breadcrumbs; others are dropped there.
const BREADCRUMB_LEVELS: [&str; 5] = ["debug", "info", "warning", "error", "fatal"];

pub(super) fn compare(findings: &mut Findings, about: About<'_>, promise: &EventPromise, event: Payload<'_>) {
    if let Some(level) = promise.level {
        findings.equal("level", level.as_str(), event.level());
    }
    what(findings, promise, event);
    match &promise.fingerprint {
        Some(parts) => findings.equal("fingerprint", parts.as_slice(), event.fingerprint()),
        None => findings.hold(
            "fingerprint",
            event.fingerprint() != Value::Array(vec![]),
            "not empty",
            Value::Null,
        ),
    }
    breadcrumbs(findings, promise, event);
    contexts::compare(findings, about, promise, event);
    tags(findings, about, event);
    request(findings, about, event);
    configured(findings, event);
    frame::compare(findings, about, event);
    keeps_secrets(findings, about, event);
}

/// Exception or message.
fn what(findings: &mut Findings, promise: &EventPromise, event: Payload<'_>) {
    if let Some(ty) = &promise.ty {
        findings.equal("exception.type", ty.as_str(), event.ty());
    }
    if let Some(start) = &promise.message {
        let starts = event.message().is_some_and(|message| message.starts_with(start.as_str()));
        findings.hold("message", starts, &format!("text that starts with `{start}`"), event.message());
    }
    let Some(exception) = event.exception() else { return about_a_context(findings, promise, event) };
    findings.hold("exception.value", exception.has_text("/value"), "a sentence with the facts", Value::Null);
    findings.hold("exception.mechanism.type", exception.has_text("/mechanism/type"), "a type", Value::Null);
    if let Some(handled) = promise.handled {
        findings.equal("exception.mechanism.handled", handled, exception.at("/mechanism/handled").clone());
    }
    findings.equal("tags.error.type", event.ty(), tag(event, "error.type"));
}

/// A message has no type; its tag says what it is about, by the name of the context with the facts.
fn about_a_context(findings: &mut Findings, promise: &EventPromise, event: Payload<'_>) {
    let tag = tag(event, "error.type");
    let fine = match &promise.contexts {
        Some(contexts) if !contexts.is_empty() => contexts.iter().any(|name| tag == Some(name)),
        _ => tag.is_some_and(|name| !name.is_empty()),
    };
    findings.hold("tags.error.type", fine, "the name of the message's own context", tag);
}

fn breadcrumbs(findings: &mut Findings, promise: &EventPromise, event: Payload<'_>) {
    let crumbs = event.breadcrumbs();
    let categories: Vec<_> = crumbs.iter().map(|crumb| Payload(crumb).at("/category").as_str()).collect();
    match &promise.breadcrumbs {
        Some(promised) => {
            let mut rest = categories.iter().flatten();
            let in_order = promised.iter().all(|category| rest.any(|got| got == category));
            let wanted = format!("in this order: {}", promised.join(", "));
            findings.hold("breadcrumbs", in_order, &wanted, categories.clone());
        }
        None => {
            let enough = crumbs.len() >= FEWEST_BREADCRUMBS;
            findings.hold("breadcrumbs", enough, "the request and a step at least", categories.clone());
        }
    }
    for crumb in crumbs {
        // SDKs leave out `info`.
        let level = Payload(crumb).at("/level").as_str().unwrap_or("info");
        findings.hold(
            "breadcrumbs.level",
            BREADCRUMB_LEVELS.contains(&level),
            "a level that Sentry knows",
            level,
        );
    }
}

fn tags(findings: &mut Findings, about: About<'_>, event: Payload<'_>) {
    let promised = [
        ("service", about.service),
        ("scenario", about.scenario.id.as_str()),
        ("debug.demo", "true"),
        ("demo.run_id", about.call.run_id.as_str()),
    ];
    for (name, value) in promised {
        findings.equal(&format!("tags.{name}"), value, tag(event, name));
    }
}

/// Whose request it was, and which.
fn request(findings: &mut Findings, about: About<'_>, event: Payload<'_>) {
    findings.equal("transaction", about.scenario.transaction(), event.at("/transaction").clone());
    findings.equal("user.id", about.call.user_id.as_str(), event.at("/user/id").clone());
    let address = event.at("/user/ip_address");
    let real = address.as_str().is_none_or(|address| address.parse::<std::net::IpAddr>().is_ok());
    findings.hold("user.ip_address", real, "an address, or nothing", address.clone());
    findings.equal("request.method", about.scenario.method.as_str(), event.at("/request/method").clone());
    findings.hold("request.url", event.has_text("/request/url"), "the URL", Value::Null);
}

fn configured(findings: &mut Findings, event: Payload<'_>) {
    for place in ["/release", "/environment", "/server_name", "/sdk/name"] {
        let name = place.trim_start_matches('/').replace('/', ".");
        findings.hold(&name, event.has_text(place), "set", event.at(place).clone());
    }
}

fn tag<'a>(event: Payload<'a>, name: &str) -> Option<&'a str> {
    event.at("/tags").get(name)?.as_str()
}

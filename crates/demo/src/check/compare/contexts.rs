//! The contexts of an event.

use scenario::listing::EventPromise;
use serde_json::Value;

use super::About;
use crate::check::mismatch::Findings;
use crate::check::payload::Payload;

/// What every event carries, whatever its scenario.
const ALWAYS: [(&str, &[&str]); 6] = [
    ("runtime", &["name", "version", "memory_mb", "cpu_percent", "threads", "uptime_seconds", "open_fds"]),
    ("app", &["app_start_time", "app_version", "app_memory"]),
    ("device", &["memory_size", "free_memory", "processor_count"]),
    ("os", &["name", "version"]),
    ("trace", &["trace_id", "span_id"]),
    ("request", &["url", "method", "userAgent", "clientIP"]),
];

/// The runtime's name: a service's own statistics must not take its place.
const RUNTIME: &str = "rustc";

pub(super) fn compare(findings: &mut Findings, about: About<'_>, promise: &EventPromise, event: Payload<'_>) {
    for (name, fields) in ALWAYS {
        if is_there(findings, event, name) {
            for field in fields {
                let there = !event.at(&format!("/contexts/{name}/{field}")).is_null();
                findings.hold(&format!("contexts.{name}.{field}"), there, "there", Value::Null);
            }
        }
    }
    // A context that is missing is reported above.
    let runtime = event.at("/contexts/runtime/name");
    findings.hold("contexts.runtime.name", runtime.is_null() || runtime == RUNTIME, RUNTIME, runtime.clone());
    let trace = event.at("/contexts/trace/trace_id");
    let own = trace.is_null() || trace == about.call.trace_id.as_str();
    findings.hold("contexts.trace.trace_id", own, &about.call.trace_id, trace.clone());

    let always = |name: &str| ALWAYS.iter().any(|(known, _)| *known == name);
    for name in promise.contexts.iter().flatten().filter(|name| !always(name)) {
        is_there(findings, event, name);
    }
}

fn is_there(findings: &mut Findings, event: Payload<'_>, name: &str) -> bool {
    let there = event.at("/contexts").get(name).is_some_and(|context| !context.is_null());
    findings.hold(&format!("contexts.{name}"), there, "there", Value::Null);
    there
}

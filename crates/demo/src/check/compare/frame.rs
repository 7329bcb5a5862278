//! Where an event says that it occurred.

use serde_json::Value;

use super::About;
use crate::check::mismatch::Findings;
use crate::check::payload::Payload;

/// Parts of the paths of sources that are not the services' own: registry, git dependencies, std.
const FOREIGN: [&str; 3] = ["/registry/src/", "/git/checkouts/", "/rustc/"];

/// The top frame of ours lies in the service itself: its crate, one of its files, with the line.
pub(super) fn compare(findings: &mut Findings, about: About<'_>, event: Payload<'_>) {
    let Some(frame) = event.top_in_app_frame() else {
        return findings.differ("stack trace", "a frame of the service (in_app)", Value::Null);
    };
    let krate = format!("{}::", about.service.replace('-', "_"));
    let function = frame.at("/function");
    let own = function.as_str().is_some_and(|function| function.contains(&krate));
    findings.hold(
        "stack trace.top in_app function",
        own,
        &format!("a function of {krate}"),
        function.clone(),
    );

    let file = frame.at("/filename").as_str().unwrap_or_default();
    let path = frame.at("/abs_path").as_str().unwrap_or(file);
    let ours = file.ends_with(".rs") && !FOREIGN.iter().any(|part| path.contains(part));
    findings.hold("stack trace.top in_app file", ours, "a source file of the service", file);
    let line = frame.at("/lineno");
    findings.hold("stack trace.top in_app line", line.as_u64().is_some(), "a line number", line.clone());
}

//! Whether the traces of the traffic are whole: one root, every span below a span of the same trace and within its time,
//! and each service in its place.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use inbox::Stats;
use inbox::answers::{Trace, TraceSpan, TraceSummary, Traces};
use tokio::time::{Instant, sleep};

use crate::running::{RunningDemo, RunningError};

/// Most traces that are looked at.
pub const SAMPLE: usize = 50;

/// Most that are named of what is wrong.
const SHOWN: usize = 3;

/// How long the last spans may take to arrive: services deliver when they have nothing better to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// What two clocks of the same machine may differ by: spans are timed in microseconds, and written as fractions.
const TOLERANCE_MS: f64 = 1.0;

/// Over which services each round goes.
const ALWAYS: [&str; 3] = ["gateway", "game-engine", "payment"];

/// The service that hears of rounds by the broker.
const BY_BROKER: &str = "analytics";

/// The transaction of a round.
const ROUND: &str = "POST /api/v1/spin";

/// What came of the look.
#[derive(Debug, Default)]
pub struct Waterfalls {
    /// How many traces were looked at.
    pub looked_at: usize,
    /// What is wrong with some of them, by trace id.
    pub faults: Vec<(String, String)>,
    /// How many lack a service whose transaction its client may have discarded, as it says.
    pub discarded: usize,
    /// The services that they went over.
    pub services: BTreeSet<String>,
}

impl Waterfalls {
    /// In lines for people.
    pub fn text(&self) -> String {
        let services = self.services.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let whole = self.looked_at - self.faults.len() - self.discarded;
        let mut text =
            format!("{whole} of {} waterfalls of rounds are whole, over {services}", self.looked_at);
        if self.discarded > 0 {
            text.push_str(&format!("\n  {} lack what clients have discarded", self.discarded));
        }
        for (trace, fault) in self.faults.iter().take(SHOWN) {
            text.push_str(&format!("\n  {trace}: {fault}"));
        }
        text
    }
}

/// How many transactions clients say that they have lost so far. What was never to be sampled, as the looks at health,
/// does not count.
pub async fn discarded(demo: &RunningDemo) -> Result<u64, RunningError> {
    let Stats { discarded, .. } = demo.get("/api/stats").await?;
    Ok(discarded.iter().filter(|it| it.category == "transaction" && !it.by_rule).map(|it| it.quantity).sum())
}

/// Looks at the newest rounds that began since, and ended well. `by_broker`: whether they reach analytics, too;
/// `discarded`: how many transactions clients had discarded before.
pub async fn look(
    demo: &RunningDemo,
    since: f64,
    by_broker: bool,
    discarded: u64,
) -> Result<Waterfalls, RunningError> {
    let Traces { traces, .. } = demo.get("/api/traces?limit=1000").await?;
    let is_round = |trace: &&TraceSummary| {
        trace.name.as_deref() == Some(ROUND)
            && trace.status.as_deref() == Some("ok")
            && trace.started_at.is_some_and(|started| started >= since)
    };
    let sample = traces.iter().filter(is_round).take(SAMPLE);
    let deadline = Instant::now() + PATIENCE;
    let mut found = Waterfalls::default();
    for summary in sample {
        let fault = loop {
            let trace: Trace = demo.get(&format!("/api/traces/{}", summary.trace_id)).await?;
            let fault = fault(&trace, by_broker);
            if fault.is_none() || Instant::now() >= deadline {
                found.services.extend(trace.services);
                break fault;
            }
            sleep(LOOK).await;
        };
        found.looked_at += 1;
        match fault {
            // A busy service takes fewer samples, and says so.
            Some(Fault::Missing(_)) if self::discarded(demo).await? > discarded => found.discarded += 1,
            Some(fault) => found.faults.push((summary.trace_id.clone(), fault.to_string())),
            None => {}
        }
    }
    Ok(found)
}

/// What can be wrong with a trace.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Services that sent nothing of it.
    #[error("nothing of {0}")]
    Missing(String),
    /// Anything else.
    #[error("{0}")]
    Wrong(String),
}

/// What is wrong with the trace of a round.
pub fn fault(trace: &Trace, by_broker: bool) -> Option<Fault> {
    let missing = ALWAYS.into_iter().chain(by_broker.then_some(BY_BROKER));
    let missing: Vec<_> = missing.filter(|service| !trace.services.iter().any(|it| it == service)).collect();
    if !missing.is_empty() {
        return Some(Fault::Missing(missing.join(", ")));
    }
    if trace.omitted_spans > 0 {
        return Some(Fault::Wrong(format!("{} spans more than can be looked at", trace.omitted_spans)));
    }
    let by_id: HashMap<_, _> =
        trace.spans.iter().filter_map(|span| Some((span.span_id.as_deref()?, span))).collect();
    let roots = trace.spans.iter().filter(|span| span.parent_span_id.is_none()).count();
    if roots != 1 {
        return Some(Fault::Wrong(format!("{roots} roots")));
    }
    let wrong = trace.spans.iter().find_map(|span| {
        let parent = span.parent_span_id.as_deref()?;
        match by_id.get(parent) {
            None => Some(format!("{} is below a span that is not there", name(span))),
            Some(parent) if !is_within(span, parent) => Some(format!(
                "{} ({}) is not within the time of {} ({})",
                name(span),
                times(span, trace),
                name(parent),
                times(parent, trace)
            )),
            Some(_) => None,
        }
    });
    wrong.map(Fault::Wrong)
}

fn end(span: &TraceSpan) -> f64 {
    span.start + span.duration_ms / 1e3
}

/// A message is worked at when its time has come; it only begins after it was published.
fn is_within(span: &TraceSpan, parent: &TraceSpan) -> bool {
    let tolerance = TOLERANCE_MS / 1e3;
    let begins = span.start >= parent.start - tolerance;
    begins && (span.op.as_deref() == Some("queue.process") || end(span) <= end(parent) + tolerance)
}

fn name(span: &TraceSpan) -> String {
    let service = span.service.as_deref().unwrap_or(&span.project);
    let what = span.description.as_deref().or(span.op.as_deref()).unwrap_or("a span");
    format!("{service} `{what}`")
}

fn times(span: &TraceSpan, trace: &Trace) -> String {
    let from = (span.start - trace.start.unwrap_or(span.start)) * 1e3;
    format!("{from:.1} to {:.1} ms", from + span.duration_ms)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A span: id, parent, service, begin and duration in milliseconds.
    fn span(id: &str, parent: Option<&str>, service: &str, begin: f64, duration: f64) -> Value {
        json!({
            "span_id": id, "parent_span_id": parent, "service": service, "op": "function", "description": id,
            "start": 1000.0 + begin / 1e3, "duration_ms": duration, "status": "ok", "project": "1",
            "transaction_id": null, "transaction": false,
        })
    }

    fn trace(spans: &[Value]) -> Trace {
        let services: BTreeSet<_> = spans.iter().map(|span| span["service"].to_string()).collect();
        let services: Vec<_> = services.iter().map(|name| name.trim_matches('"')).collect();
        serde_json::from_value(json!({
            "trace_id": "t", "start": 1000.0, "end": 1000.1, "services": services, "spans": spans,
            "omitted_spans": 0, "errors": [], "omitted_errors": 0, "logs": [], "omitted_logs": 0,
        }))
        .unwrap()
    }

    fn round() -> Vec<Value> {
        vec![
            span("root", None, "gateway", 0.0, 60.0),
            span("spin", Some("root"), "game-engine", 1.0, 20.0),
            span("book", Some("root"), "payment", 22.0, 30.0),
        ]
    }

    #[test]
    fn a_whole_round_has_no_fault() {
        assert_eq!(fault(&trace(&round()), false), None);
    }

    #[test]
    fn a_message_may_be_worked_at_after_its_parent_has_ended_but_not_before_it_began() {
        let mut process = span("count", Some("spin"), "analytics", 80.0, 5.0);
        process["op"] = json!("queue.process");
        let with = |process: &Value| trace(&[round(), vec![process.clone()]].concat());
        assert_eq!(fault(&with(&process), true), None);
        process["start"] = json!(999.9);
        assert!(
            fault(&with(&process), true).is_some_and(|fault| fault.to_string().contains("analytics `count`"))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |change: fn(&mut Vec<Value>)| {
            let mut spans = round();
            change(&mut spans);
            fault(&trace(&spans), false).map(|fault| fault.to_string()).unwrap_or_default()
        };
        assert_eq!(with(|spans| drop(spans.pop())), "nothing of payment");
        assert_eq!(with(|spans| spans[1]["parent_span_id"] = json!(null)), "2 roots");
        assert_eq!(
            with(|spans| spans[1]["parent_span_id"] = json!("gone")),
            "game-engine `spin` is below a span that is not there"
        );
        assert_eq!(
            with(|spans| spans[2]["duration_ms"] = json!(50.0)),
            "payment `book` (22.0 to 72.0 ms) is not within the time of gateway `root` (0.0 to 60.0 ms)"
        );
        assert_eq!(fault(&trace(&round()), true), Some(Fault::Missing("analytics".to_owned())));
    }
}

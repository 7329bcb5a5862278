//! Envelopes as bytes.
//!
//! The SDK leaves out what a server assumes by itself (level `error`, breadcrumbs at `info`) and marks contexts it
//! does not know as `unknown`. Viewers that are no Sentry server assume nothing, so events are written in full.

mod transaction;

use std::io::{self, Write};

use sentry::Envelope;
use sentry::protocol::{Breadcrumb, Context, EnvelopeItem, Event, Level, Map, MonitorCheckIn, Value};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::Finished;
use crate::facts::Facts;
use crate::feedback;
use crate::trace::dynamic_sampling;
use transaction::WrittenTransaction;

/// The envelope as it goes out, from that release.
pub(super) fn bytes(finished: Finished, release: &str) -> io::Result<Vec<u8>> {
    let mut body = serde_json::to_vec(&finished.headers)?;
    body.push(b'\n');
    let headers = finished.envelope.headers().clone();
    for item in finished.envelope.into_items() {
        match item {
            EnvelopeItem::Event(event) => write_event(&mut body, *event)?,
            EnvelopeItem::Transaction(transaction) => {
                write_json(&mut body, "transaction", &WrittenTransaction::of(*transaction))?;
            }
            EnvelopeItem::MonitorCheckIn(check_in) => {
                let trace = dynamic_sampling::of_sdk(&headers).remove("trace_id");
                write_check_in(&mut body, &check_in, trace, release)?;
            }
            other => write_item(&mut body, other)?,
        }
    }
    Ok(body)
}

fn write_json(body: &mut Vec<u8>, ty: &str, payload: &impl Serialize) -> io::Result<()> {
    let payload = serde_json::to_vec(payload)?;
    writeln!(body, r#"{{"type":"{ty}","length":{}}}"#, payload.len())?;
    body.extend(payload);
    body.push(b'\n');
    Ok(())
}

/// An event in full.
#[derive(Serialize)]
struct WrittenEvent {
    /// Without what follows.
    #[serde(flatten)]
    event: Event<'static>,
    /// Where the SDK leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty", serialize_with = "contexts")]
    contexts: Map<String, Context>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breadcrumbs: Option<Crumbs>,
}

#[derive(Serialize)]
struct Crumbs {
    values: Vec<Crumb>,
}

#[derive(Serialize)]
struct Crumb {
    #[serde(flatten)]
    crumb: Breadcrumb,
    /// Where the SDK leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
}

impl WrittenEvent {
    fn of(mut event: Event<'static>) -> Self {
        let level = event.level.is_error().then_some(event.level);
        let contexts = std::mem::take(&mut event.contexts);
        let crumb = |crumb: Breadcrumb| Crumb { level: crumb.level.is_info().then_some(crumb.level), crumb };
        let crumbs: Vec<_> = std::mem::take(&mut event.breadcrumbs.values).into_iter().map(crumb).collect();
        let breadcrumbs = (!crumbs.is_empty()).then_some(Crumbs { values: crumbs });
        let ty = contexts.contains_key(feedback::CONTEXT).then_some("feedback");
        Self { event, level, ty, contexts, breadcrumbs }
    }
}

fn write_event(body: &mut Vec<u8>, event: Event<'static>) -> io::Result<()> {
    let written = WrittenEvent::of(event);
    write_json(body, written.ty.unwrap_or("event"), &written)
}

/// Without what the SDK calls contexts that it does not know.
fn contexts<S: Serializer>(contexts: &Map<String, Context>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Written<'c> {
        Known(&'c Context),
        Other(&'c Facts),
    }
    serializer.collect_map(contexts.iter().map(|(name, context)| match context {
        Context::Other(facts) => (name, Written::Other(facts)),
        known => (name, Written::Known(known)),
    }))
}

/// The SDK has no place for the trace and the release of a check-in.
fn write_check_in(
    body: &mut Vec<u8>,
    check_in: &MonitorCheckIn,
    trace: Option<Value>,
    release: &str,
) -> io::Result<()> {
    let mut json = serde_json::to_value(check_in)?;
    json["release"] = release.into();
    if let Some(trace) = trace {
        json["contexts"] = json!({ "trace": { "trace_id": trace } });
    }
    write_json(body, "check_in", &json)
}

/// Written by the SDK, in an envelope of its own whose header is then left out.
fn write_item(body: &mut Vec<u8>, item: EnvelopeItem) -> io::Result<()> {
    let mut alone = Vec::new();
    Envelope::from(item).to_writer(&mut alone)?;
    let item = alone.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    body.extend_from_slice(&alone[item..]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use sentry::protocol::{Attachment, Breadcrumb, Context, Level, Span, TraceContext, Transaction};

    use super::*;

    #[test]
    fn what_the_sdk_leaves_out_is_written() {
        let contexts = [("spin".to_owned(), Context::Other(crate::facts([("bet", 5.into())])))];
        let event = Event {
            level: Level::Error,
            breadcrumbs: vec![Breadcrumb::default()].into(),
            contexts: contexts.into_iter().collect(),
            ..Event::default()
        };
        let json = serde_json::to_value(WrittenEvent::of(event)).unwrap();
        assert_eq!(json["level"], "error");
        assert_eq!(json["breadcrumbs"]["values"][0]["level"], "info");
        assert_eq!(json["contexts"]["spin"], serde_json::json!({ "bet": 5 }));
    }

    /// How often each of these fields is written.
    fn counts(item: impl Into<EnvelopeItem>, fields: [&str; 4]) -> [usize; 4] {
        let envelope = Envelope::from(item.into());
        let body = bytes(Finished { headers: [].into(), envelope }, "shop@1").unwrap();
        let body = String::from_utf8(body).unwrap();
        fields.map(|field| body.matches(&format!("\"{field}\":")).count())
    }

    #[test]
    fn what_is_written_in_place_of_the_sdk_is_written_once() {
        let trace = || TraceContext { op: Some("http.server".to_owned()), ..TraceContext::default() };
        let contexts = || Map::from([("trace".to_owned(), trace().into())]);
        for level in [Level::Error, Level::Fatal] {
            let crumbs =
                [Level::Info, Level::Warning].map(|level| Breadcrumb { level, ..Breadcrumb::default() });
            let breadcrumbs = crumbs.to_vec().into();
            let event = Event { level, breadcrumbs, contexts: contexts(), ..Event::default() };
            assert_eq!(
                counts(event, ["level", "contexts", "breadcrumbs", "values"]),
                [3, 1, 1, 1],
                "{level}"
            );
        }
        let span = Span { timestamp: Some(SystemTime::now()), ..Span::default() };
        let mut transaction =
            Transaction { contexts: contexts(), spans: vec![span], ..Transaction::default() };
        transaction.finish();
        let fields = ["spans", "timestamp", "contexts", "transaction_info"];
        assert_eq!(counts(transaction, fields), [1, 2, 1, 1]);
    }

    #[test]
    fn an_attachment_beside_an_event_is_kept() {
        let attachment = Attachment {
            buffer: b"MDMP".to_vec(),
            filename: "native.dmp".to_owned(),
            ..Attachment::default()
        };
        let mut envelope = Envelope::from(Event::default());
        envelope.add_item(attachment);
        let read = Envelope::from_slice(&bytes(Finished { headers: [].into(), envelope }, "shop@1").unwrap())
            .unwrap();
        let items: Vec<_> = read.items().collect();
        assert!(matches!(items[..], [EnvelopeItem::Event(_), EnvelopeItem::Attachment(_)]));
    }
}

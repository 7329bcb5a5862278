//! Envelopes as bytes.
//!
//! The SDK leaves out what a server assumes by itself (level `error`, breadcrumbs at `info`) and marks contexts it
//! does not know as `unknown`. Viewers that are no Sentry server assume nothing, so events are written in full.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::Envelope;
use sentry::protocol::{EnvelopeItem, Event, MonitorCheckIn, Transaction, Value};
use serde::Serialize;
use serde_json::{Map, json};

use super::{Finished, Source};
use crate::feedback;
use crate::request::MEASUREMENT;
use crate::trace::dynamic_sampling;

/// The envelope as it goes out, from that release.
pub(super) fn bytes(finished: &Finished, release: &str) -> io::Result<Vec<u8>> {
    let mut body = serde_json::to_vec(&finished.headers)?;
    body.push(b'\n');
    for item in finished.envelope.items() {
        match item {
            EnvelopeItem::Event(event) => write_event(&mut body, event)?,
            EnvelopeItem::Transaction(transaction) => write_transaction(&mut body, transaction)?,
            EnvelopeItem::MonitorCheckIn(check_in) => {
                let trace = dynamic_sampling::of_sdk(finished.envelope.headers()).remove("trace_id");
                write_check_in(&mut body, check_in, trace, release)?;
            }
            other => write_item(&mut body, other.clone())?,
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

fn write_event(body: &mut Vec<u8>, event: &Event<'_>) -> io::Result<()> {
    let mut json = in_full(event)?;
    if event.contexts.contains_key(feedback::CONTEXT) {
        json["type"] = "feedback".into();
        return write_json(body, "feedback", &json);
    }
    write_json(body, "event", &json)
}

/// The SDK writes the ends of transactions and spans as text, their starts as numbers: viewers that take both as they
/// are show times that ran backwards.
fn write_transaction(body: &mut Vec<u8>, transaction: &Transaction<'_>) -> io::Result<()> {
    let mut json = serde_json::to_value(transaction)?;
    set_time(&mut json, transaction.timestamp);
    let spans = json.get_mut("spans").and_then(Value::as_array_mut).into_iter().flatten();
    spans.zip(&transaction.spans).for_each(|(json, span)| set_time(json, span.timestamp));
    drop_unknown_types(&mut json);
    let measurements = take_measurements(&mut json);
    if !measurements.is_empty() {
        json["measurements"] = measurements.into();
    }
    json["transaction_info"] = json!({ "source": Source::of(transaction).as_str() });
    write_json(body, "transaction", &json)
}

/// The SDK has no place for measurements: they come as data of the transaction and its spans.
fn take_measurements(json: &mut Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut take = |data: Option<&mut Value>| {
        let data = data.and_then(Value::as_object_mut);
        // Most spans have none.
        let Some(data) = data.filter(|data| data.keys().any(|name| name.starts_with(MEASUREMENT))) else {
            return;
        };
        data.retain(|name, measured| match name.strip_prefix(MEASUREMENT) {
            Some(name) => {
                found.insert(name.to_owned(), measured.take());
                false
            }
            None => true,
        });
    };
    take(json.pointer_mut("/contexts/trace/data"));
    let spans = json.get_mut("spans").and_then(Value::as_array_mut).into_iter().flatten();
    spans.for_each(|span| take(span.get_mut("data")));
    found
}

fn set_time(json: &mut Value, time: Option<SystemTime>) {
    if let Some(seconds) = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) {
        json["timestamp"] = seconds.as_secs_f64().into();
    }
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

fn in_full(event: &Event<'_>) -> serde_json::Result<Value> {
    let mut json = serde_json::to_value(event)?;
    json["level"] = event.level.to_string().into();
    for crumb in json.pointer_mut("/breadcrumbs/values").and_then(Value::as_array_mut).into_iter().flatten() {
        if crumb.get("level").is_none() {
            crumb["level"] = "info".into();
        }
    }
    drop_unknown_types(&mut json);
    Ok(json)
}

/// Takes away what the SDK calls contexts that it does not know.
fn drop_unknown_types(json: &mut Value) {
    let contexts = json.get_mut("contexts").and_then(Value::as_object_mut);
    for context in contexts.into_iter().flat_map(|all| all.values_mut()) {
        if let Some(fields) = context.as_object_mut()
            && fields.get("type").is_some_and(|ty| ty == "unknown")
        {
            fields.remove("type");
        }
    }
}

#[cfg(test)]
mod tests {
    use sentry::protocol::{Attachment, Breadcrumb, Context, Level};

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
        let json = in_full(&event).unwrap();
        assert_eq!(json["level"], "error");
        assert_eq!(json["breadcrumbs"]["values"][0]["level"], "info");
        assert_eq!(json["contexts"]["spin"], serde_json::json!({ "bet": 5 }));
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
        let read =
            Envelope::from_slice(&bytes(&Finished { headers: [].into(), envelope }, "shop@1").unwrap())
                .unwrap();
        let items: Vec<_> = read.items().collect();
        assert!(matches!(items[..], [EnvelopeItem::Event(_), EnvelopeItem::Attachment(_)]));
    }
}

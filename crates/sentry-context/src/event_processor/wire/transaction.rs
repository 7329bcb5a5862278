//! A transaction as JSON.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::protocol::{ClientSdkInfo, Context, Map, Request, Span, Transaction, User, Value};
use serde::Serialize;

use super::contexts;
use crate::current_span::MEASUREMENT;
use crate::event_processor::Source;
use crate::facts::Facts;

/// A transaction with its times as numbers. The SDK writes the ends of transactions and spans as text, their starts as
/// numbers: viewers that take both as they are show times that ran backwards.
#[derive(Serialize)]
pub(super) struct WrittenTransaction {
    event_id: String,
    #[serde(rename = "transaction", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    tags: Map<String, String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    extra: Facts,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk: Option<Cow<'static, ClientSdkInfo>>,
    /// Unless it is the one that a server assumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_timestamp: Option<f64>,
    spans: Vec<WrittenSpan>,
    #[serde(serialize_with = "contexts")]
    contexts: Map<String, Context>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    measurements: serde_json::Map<String, Value>,
    transaction_info: Info,
}

#[derive(Serialize)]
struct Info {
    source: &'static str,
}

impl WrittenTransaction {
    pub(super) fn of(mut transaction: Transaction<'static>) -> Self {
        let transaction_info = Info { source: Source::of(&transaction).as_str() };
        let measurements = take_measurements(&mut transaction);
        // All fields are named, so that none of a later SDK is left out.
        let Transaction {
            event_id,
            name,
            release,
            environment,
            user,
            tags,
            extra,
            sdk,
            platform,
            timestamp,
            start_timestamp,
            spans,
            contexts,
            request,
            server_name,
        } = transaction;
        Self {
            event_id: event_id.as_simple().to_string(),
            name,
            release,
            environment,
            user,
            tags,
            extra,
            sdk,
            platform: Some(platform).filter(|platform| platform != "other"),
            timestamp: timestamp.and_then(seconds),
            start_timestamp: seconds(start_timestamp),
            spans: spans.into_iter().map(WrittenSpan::of).collect(),
            contexts,
            request,
            server_name,
            measurements,
            transaction_info,
        }
    }
}

#[derive(Serialize)]
struct WrittenSpan {
    #[serde(flatten)]
    span: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<f64>,
}

impl WrittenSpan {
    fn of(mut span: Span) -> Self {
        let timestamp = span.timestamp.take().and_then(seconds);
        Self { span, timestamp }
    }
}

/// The SDK has no place for measurements: they come as data of the transaction and its spans.
fn take_measurements(transaction: &mut Transaction<'static>) -> serde_json::Map<String, Value> {
    let mut found = serde_json::Map::new();
    let mut take = |data: &mut Facts| {
        // Most spans have none.
        if !data.keys().any(|name| name.starts_with(MEASUREMENT)) {
            return;
        }
        data.retain(|name, measured| match name.strip_prefix(MEASUREMENT) {
            Some(name) => {
                found.insert(name.to_owned(), measured.take());
                false
            }
            None => true,
        });
    };
    if let Some(Context::Trace(trace)) = transaction.contexts.get_mut("trace") {
        take(&mut trace.data);
    }
    transaction.spans.iter_mut().for_each(|span| take(&mut span.data));
    found
}

fn seconds(time: SystemTime) -> Option<f64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use sentry::protocol::{ClientSdkPackage, TraceContext};

    use super::*;

    #[test]
    fn everything_but_the_times_is_written_as_the_sdk_writes_it() {
        let packages = vec![ClientSdkPackage { name: "cargo:sentry".to_owned(), version: "1".to_owned() }];
        let sdk = ClientSdkInfo {
            name: "sentry.rust".to_owned(),
            version: "1".to_owned(),
            integrations: vec!["debug-images".to_owned()],
            packages,
        };
        let transaction = Transaction {
            name: Some("GET /".to_owned()),
            release: Some("shop@1".into()),
            environment: Some("test".into()),
            user: Some(User { id: Some("alice".to_owned()), ..User::default() }),
            tags: Map::from([("tag".to_owned(), "value".to_owned())]),
            extra: Map::from([("extra".to_owned(), 1.into())]),
            sdk: Some(Cow::Owned(sdk)),
            platform: "rust".into(),
            timestamp: Some(UNIX_EPOCH),
            start_timestamp: UNIX_EPOCH,
            spans: vec![Span { op: Some("db".to_owned()), start_timestamp: UNIX_EPOCH, ..Span::default() }],
            contexts: Map::from([("trace".to_owned(), TraceContext::default().into())]),
            request: Some(Request { method: Some("GET".to_owned()), ..Request::default() }),
            server_name: Some("host".into()),
            ..Transaction::default()
        };
        let Ok(Value::Object(by_the_sdk)) = serde_json::to_value(&transaction) else { panic!("no object") };
        let mut ours = serde_json::to_value(WrittenTransaction::of(transaction)).unwrap();
        let times = ["timestamp", "start_timestamp"];
        assert_eq!(times.map(|time| ours[time].take()), [0.0, 0.0]);
        for (name, value) in by_the_sdk.into_iter().filter(|(name, _)| !times.contains(&name.as_str())) {
            assert_eq!(ours[&name], value, "{name}");
        }
    }

    #[test]
    fn what_the_sdk_leaves_out_is_not_written() {
        let written = serde_json::to_value(WrittenTransaction::of(Transaction::default())).unwrap();
        let Value::Object(written) = written else { panic!("no object") };
        let names: Vec<_> = written.keys().collect();
        assert_eq!(names, ["contexts", "event_id", "spans", "start_timestamp", "transaction_info"]);
    }
}

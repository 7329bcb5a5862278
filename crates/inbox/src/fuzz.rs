//! Envelopes of every shape, and broken ones: none may stop the inbox, and none takes more than its length.

use actix_web::web::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::charts::{Range, charts, measured, names, series};
use crate::envelope;
use crate::envelopes::Arrival;
use crate::store::{Limits, State, Store};
use crate::{spans, timestamp, traces};

const TYPES: [&str; 17] = [
    "event",
    "span",
    "feedback",
    "user_report",
    "check_in",
    "replay_event",
    "replay_recording",
    "statsd",
    "transaction",
    "session",
    "sessions",
    "client_report",
    "log",
    "trace_metric",
    "attachment",
    "profile_chunk",
    "other",
];

/// Names that the reader looks for, so that values of every kind stand where others are meant.
const NAMES: &str = "\
    span_id parent_span_id segment_id is_segment end_timestamp attributes sentry.segment.id name body unit \
    feedback associated_event_id comments monitor_slug monitor_config schedule check_in_id status duration \
    replay_id urls sid errors runtime memory_mb environment data event_id trace_id fingerprint exception values \
    type value stacktrace frames function in_app mechanism handled message logentry formatted level tags service \
    user id contexts trace timestamp start_timestamp spans threads items aggregates exited discarded_events \
    quantity attrs release sentry.interfaces.Exception sentry.interfaces.Stacktrace sentry.interfaces.Message \
    params crashed current synthetic module filename abs_path context_line checksum email username ip_address \
    key 0 culprit";

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec![
            "{{ default }}",
            "{{default}}",
            "{{ message }}",
            "{{ tags.service }}",
            "%s and %(id)d of {} in {id}",
            "Error: order 17 of ann@example.com failed at 2026-11-23 18:44:44",
            "<anonymous>",
            "https://example.com/app.js",
            "0123456789abcdef0123456789abcdef",
            "2026-11-23T18:44:44.5Z",
            "exited"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = prop_oneof![4 => select(NAMES.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned), 1 => ".{0,5}"];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((name, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Any value, or one with what a reader of its type requires: else few would come beyond that.
fn likely() -> impl Strategy<Value = Value> {
    let required = || {
        (value(), "[ab]{1,2}", "[ab]{1,2}", any::<bool>()).prop_map(|(any, id, parent, root)| {
        let mut item = json!({
            "trace_id": "t", "span_id": id, "parent_span_id": parent, "is_segment": root, "monitor_slug": id,
            "status": "in_progress", "comments": id, "replay_id": "0123456789abcdef0123456789abcdef",
            "contexts": { "feedback": { "message": id }, "trace": { "trace_id": "t", "span_id": id } },
        });
        if let (Value::Object(item), Value::Object(any)) = (&mut item, any) {
            item.extend(any);
        }
        item
    })
    };
    prop_oneof![value(), required(), vec(required(), 0..4).prop_map(|items| json!({ "items": items })),]
}

/// One that a client could send: its header says the length of each item, or nothing.
fn whole() -> impl Strategy<Value = Vec<u8>> {
    let item = (select(TYPES.to_vec()), likely(), any::<bool>());
    (value(), vec(item, 0..5)).prop_map(|(trace, items)| {
        let header = json!({ "event_id": "0123456789abcdef0123456789abcdef", "trace": trace });
        let mut envelope = header.to_string();
        for (ty, payload, with_length) in items {
            let payload = payload.to_string();
            let length = with_length.then_some(payload.len());
            let content_type = (ty == "span").then_some("application/vnd.sentry.items.span.v2+json");
            let header = json!({ "type": ty, "length": length, "content_type": content_type });
            envelope += &format!("\n{header}\n{payload}");
        }
        envelope.into_bytes()
    })
}

/// What can happen to bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..8),
        select(vec![
            "\n",
            "\n\n",
            "{}",
            "{",
            "\"",
            "\"length\":0",
            "\"length\":18446744073709551615",
            "\0",
            "\r\n"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        any::<Index>().prop_map(Mutation::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
        (any::<Index>(), piece).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<Index>(), 1..60_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

fn mutated(mut bytes: Vec<u8>, mutations: Vec<Mutation>) -> Vec<u8> {
    for mutation in mutations {
        let length = bytes.len();
        let at = |index: Index| index.index(length + 1);
        match mutation {
            Mutation::Cut(index) => bytes.truncate(at(index)),
            Mutation::Flip(index, byte) if length > 0 => bytes[index.index(length)] ^= byte,
            Mutation::Flip(..) => {}
            Mutation::Insert(index, piece) => drop(bytes.splice(at(index)..at(index), piece)),
            Mutation::Remove(index, some) => drop(bytes.drain(at(index)..length.min(at(index) + some))),
            Mutation::Repeat(index, some) => {
                let piece = bytes[at(index)..length.min(at(index) + some)].to_vec();
                drop(bytes.splice(at(index)..at(index), piece));
            }
        }
    }
    bytes
}

/// Everything that looks at what is held.
fn look(state: &State) {
    let _ = state.stats();
    let _ = state.issues_newest_first();
    let _ = (state.sessions.all(), state.monitors.all(), state.replays.all());
    let _ = charts(state, Range::until(timestamp::now(), 600.0));
    let measured = measured(state, None);
    let _ = (
        names(&measured),
        series(&measured, String::new(), Some("name".to_owned()), Range::until(0.0, 60.0)),
    );
    for transaction in state.transactions.iter().map(|it| &it.summary) {
        let trace = transaction.trace_id.as_deref().unwrap_or_default();
        let together = traces::collect(state, trace).map(traces::Collected::together);
        assert!(serde_json::to_string(&together).is_ok());
        let segment = transaction.span_id.as_deref().unwrap_or_default();
        let _ = spans::transaction(&state.spans.of_trace(trace), segment);
    }
    let mut summaries = traces::summaries(state);
    assert!(summaries.drain(..).all(|trace| serde_json::to_string(&trace).is_ok()));
    for envelope in state.envelopes.newest_first() {
        assert!(serde_json::to_string(envelope).is_ok());
    }
    for event in state.events.iter() {
        assert!(serde_json::to_string(&event.summary).is_ok());
        assert!(event.payload.read().is_object());
    }
    for entry in state.logs.iter().chain(state.metrics.iter()) {
        let _ = entry.payload.read();
    }
}

proptest! {
    #[test]
    fn fuzz_any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = envelope::parse(&Bytes::from(bytes));
    }

    #[test]
    fn fuzz_the_parts_of_an_envelope_are_no_longer_than_it(
        whole in whole(), mutations in vec(mutation(), 0..6)
    ) {
        let bytes = mutated(whole, mutations);
        let length = bytes.len();
        if let Ok(envelope) = envelope::parse(&Bytes::from(bytes)) {
            let payloads: usize = envelope.items.iter().map(|item| item.payload.len()).sum();
            prop_assert!(payloads <= length);
            prop_assert!(envelope.items.len() <= length);
        }
    }

    #[test]
    fn fuzz_whatever_is_accepted_can_be_looked_at_and_stays_within_the_bound(
        envelopes in vec((whole(), vec(mutation(), 0..3)), 1..6)
    ) {
        let limits = Limits { bytes: 20_000, ..Limits::default() };
        let store = Store::new(limits, false);
        let mut sent = 0;
        for (whole, mutations) in envelopes {
            let bytes = mutated(whole, mutations);
            sent += bytes.len();
            let _ = store.accept(&Arrival::default(), Bytes::from(bytes));
        }
        store.read(look);
        let held = store.read(State::stats).held.bytes;
        // The newest of each kind stays, however long it is.
        prop_assert!(held <= limits.bytes.max(20_000 + 40 * sent), "{held} of {sent}");
    }
}

//! Envelopes of every shape, and broken ones: none may stop the inbox, and none takes more than its length.

use actix_web::web::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::envelope;
use crate::store::{Limits, State, Store};

const TYPES: [&str; 10] = [
    "event",
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
const NAMES: [&str; 52] = [
    "event_id",
    "trace_id",
    "fingerprint",
    "exception",
    "values",
    "type",
    "value",
    "stacktrace",
    "frames",
    "function",
    "in_app",
    "mechanism",
    "handled",
    "message",
    "logentry",
    "formatted",
    "level",
    "tags",
    "service",
    "user",
    "id",
    "contexts",
    "trace",
    "timestamp",
    "start_timestamp",
    "spans",
    "threads",
    "items",
    "aggregates",
    "exited",
    "discarded_events",
    "quantity",
    "attrs",
    "release",
    "sentry.interfaces.Exception",
    "sentry.interfaces.Stacktrace",
    "sentry.interfaces.Message",
    "params",
    "crashed",
    "current",
    "synthetic",
    "module",
    "filename",
    "abs_path",
    "context_line",
    "checksum",
    "email",
    "username",
    "ip_address",
    "key",
    "0",
    "culprit",
];

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
        let name = prop_oneof![4 => select(NAMES.to_vec()).prop_map(str::to_owned), 1 => ".{0,5}"];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((name, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// One that a client could send: its header says the length of each item, or nothing.
fn whole() -> impl Strategy<Value = Vec<u8>> {
    let item = (select(TYPES.to_vec()), value(), any::<bool>());
    (value(), vec(item, 0..5)).prop_map(|(trace, items)| {
        let header = json!({ "event_id": "0123456789abcdef0123456789abcdef", "trace": trace });
        let mut envelope = header.to_string();
        for (ty, payload, with_length) in items {
            let payload = payload.to_string();
            let length = with_length.then_some(payload.len());
            envelope += &format!("\n{}\n{payload}", json!({ "type": ty, "length": length }));
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
    let _ = state.sessions.all();
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
            let _ = store.accept("1", Bytes::from(bytes));
        }
        store.read(look);
        let held = store.read(State::stats).held.bytes;
        // The newest of each kind stays, however long it is.
        prop_assert!(held <= limits.bytes.max(20_000 + 40 * sent), "{held} of {sent}");
    }
}

//! Chunks of every shape: none may stop the inbox, and what is shown of them adds up.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::chunk::Chunk;
use super::graph::Graph;
use super::selection::Selection;
use super::timeline::timeline;
use super::{Chunks, pprof, speedscope, threads};
use crate::weight::Weigh;

const ID: &str = "0123456789abcdef0123456789abcdef";

/// One that a client could send, beginning within a minute.
fn chunk() -> impl Strategy<Value = Value> {
    let sample = (0..20_000_u32, any::<Index>(), 0..4_u8, option::of(0..3_u8));
    let stacks = vec(vec(any::<Index>(), 0..8), 1..6);
    (0..60_u32, vec(sample, 1..60), stacks, 1..6_usize).prop_map(|(from, samples, stacks, frames)| {
        let frames: Vec<_> = (0..frames)
            .map(|it| json!({ "function": format!("f{}", it / 2), "lineno": it, "in_app": it == 0 }))
            .collect();
        let samples = samples.iter().map(|(ms, stack, thread, span)| {
            let timestamp = f64::from(from) + f64::from(*ms) / 1e3;
            let span = span.map(|it| format!("{it:016x}"));
            json!({ "timestamp": timestamp, "stack_id": stack.index(stacks.len()), "thread_id": thread.to_string(), "span_id": span })
        });
        let samples: Vec<_> = samples.collect();
        let indices = |stack: &Vec<Index>| stack.iter().map(|it| it.index(frames.len())).collect::<Vec<_>>();
        let stacks: Vec<_> = stacks.iter().map(indices).collect();
        json!({ "version": "2", "profiler_id": ID, "chunk_id": ID, "platform": "rust",
            "profile": { "samples": samples, "stacks": stacks, "frames": frames, "thread_metadata": { "0": { "name": "main" } } },
            "measurements": { "cpu_usage": { "values": [{ "timestamp": from, "value": 1 }] } } })
    })
}

fn wrong() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!([]),
        json!([[9]]),
        json!({}),
        json!(true),
    ];
    select(values.to_vec())
}

/// Replaces some field, wherever it stands.
fn replace(value: &mut Value, path: &[Index], with: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = with;
        return;
    };
    match value {
        Value::Array(list) if !list.is_empty() => {
            let place = first.index(list.len());
            replace(&mut list[place], rest, with);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let place = first.index(fields.len());
            if let Some((_, field)) = fields.iter_mut().nth(place) {
                replace(field, rest, with);
            }
        }
        other => *other = with,
    }
}

fn read(payload: &Value) -> Result<Chunk, String> {
    Chunk::read("1", Some("rust"), payload.to_string().as_bytes())
}

/// Everything that looks at a selection.
fn look(selection: &Selection<'_>) -> Result<(), TestCaseError> {
    let graph = Graph::of(selection);
    let most = graph.busy_ms + 0.01 * (1 + graph.nodes.len()) as f64;
    let sum = |times: &mut dyn Iterator<Item = f64>| times.sum::<f64>();
    let alike = |one: f64| (one - graph.busy_ms).abs() <= most - graph.busy_ms;
    prop_assert!(alike(sum(&mut graph.nodes.iter().map(|it| it.self_ms))));
    prop_assert!(alike(sum(&mut graph.nodes.iter().filter(|it| it.parent.is_none()).map(|it| it.total_ms))));
    prop_assert!(alike(sum(&mut graph.functions.iter().map(|it| it.self_ms))));
    for (place, node) in graph.nodes.iter().enumerate() {
        prop_assert!(node.function < graph.functions.len());
        prop_assert!(
            node.parent.is_none_or(|parent| parent < place && graph.nodes[parent].total_ms >= node.total_ms)
        );
    }
    prop_assert!(graph.functions.iter().all(|it| it.self_ms <= it.total_ms + 0.01 && it.total_ms <= most));
    let threads = threads(selection);
    prop_assert!(alike(sum(&mut threads.iter().map(|it| it.busy_ms))));
    prop_assert!(serde_json::to_string(&timeline(selection.chunks, selection.thread)).is_ok());
    let file = speedscope::export(selection, String::new()).map(|file| json!(file));
    for thread in file.iter().flat_map(|file| file["profiles"].as_array()).flatten() {
        let weights =
            thread["weights"].as_array().map_or(0.0, |all| all.iter().filter_map(Value::as_f64).sum());
        let length =
            thread["endValue"].as_f64().unwrap_or(-1.0) - thread["startValue"].as_f64().unwrap_or(-1.0);
        prop_assert!((weights - length).abs() < 1e-3, "{weights} {length}");
    }
    prop_assert!(pprof::export(selection).is_ok_and(|bytes| bytes.starts_with(&[0x1f, 0x8b])));
    Ok(())
}

proptest! {
    #[test]
    fn fuzz_what_is_shown_of_chunks_adds_up(
        sent in vec(chunk(), 1..4), range in (-5.0..90.0_f64, 0.0..90.0_f64), thread in option::of(0..4_u8), spans in option::of(0..3_u64)
    ) {
        let read: Vec<_> = sent.iter().map(read).collect::<Result<_, _>>().map_err(TestCaseError::fail)?;
        let chunks = Chunks::of(read.into_iter().map(Arc::new).collect());
        look(&Selection::whole(&chunks))?;
        let (thread, spans) = (thread.map(|it| it.to_string()), spans.map(|it| HashSet::from([it])));
        let (from, to) = (range.0, range.0 + range.1);
        look(&Selection { chunks: &chunks, from, to, thread: thread.as_deref(), spans: spans.as_ref() })?;
    }

    #[test]
    fn fuzz_a_broken_chunk_is_refused_or_shown_and_takes_memory_by_its_length(
        chunk in chunk(), changes in vec((vec(any::<Index>(), 1..5), wrong()), 1..4)
    ) {
        let mut chunk = chunk;
        for (path, with) in changes {
            replace(&mut chunk, &path, with);
        }
        if let Ok(read) = read(&chunk) {
            prop_assert!(read.weight() < 2_000 + 40 * chunk.to_string().len());
            look(&Selection::whole(&Chunks::of(vec![Arc::new(read)])))?;
        }
    }

    #[test]
    fn fuzz_any_json_is_read_as_a_chunk_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Chunk::read("1", None, &bytes);
    }
}

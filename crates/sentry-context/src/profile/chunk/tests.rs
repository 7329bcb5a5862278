use std::cell::Cell;

use serde_json::Value;

use super::super::recording::Sample::{Idle, Ran, Still};
use super::super::recording::{SAMPLES, Sample as Did};
use super::*;
use crate::platform::{Code, Resolve};

const THREAD: i32 = 7;

/// A frame of ours, one of somebody else's, one in which an event loop sleeps; an address that is two frames of ours.
const OURS: u64 = 0x1000;
const FOREIGN: u64 = 0x2000;
const EVENT_LOOP: u64 = 0x3000;
const INLINED: u64 = 0x4000;

thread_local! {
    static LOOK_UPS: Cell<usize> = const { Cell::new(0) };
}

/// Names addresses after what they are here; their lines are their last digits.
#[derive(Debug)]
struct Named;

impl Resolve for Named {
    fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool) {
        for address in addresses {
            LOOK_UPS.set(LOOK_UPS.get() + 1);
            let functions: &[&str] = match address & 0xf000 {
                OURS => &["shop::sell"],
                FOREIGN => &["other::work"],
                EVENT_LOOP => &["mio::poll"],
                INLINED => &["shop::inner", "shop::outer"],
                _ => &[],
            };
            let line = Some((address & 0xfff) as u32);
            if !functions
                .iter()
                .all(|symbol| found(*address, Code { symbol, file: None, line, column: None }))
            {
                return;
            }
        }
    }
}

fn symbols() -> Symbols {
    Symbols::new(Box::new(Named), &["shop"])
}

/// The payload of what a thread did, one moment after the other, ten milliseconds apart.
fn chunk_of(samples: &[Did<'_>]) -> Option<Value> {
    chunk(recording_of(samples))
}

fn recording_of(samples: &[Did<'_>]) -> Recording {
    let mut recording = Recording::new();
    for (number, sample) in (0..).zip(samples) {
        let tick = recording.tick(Duration::from_millis(10) * number);
        recording.add(THREAD, tick, *sample);
    }
    recording.name(THREAD, "a worker");
    recording
}

fn origin() -> Origin {
    Origin {
        profiler: "0123456789abcdef0123456789abcdef".to_owned(),
        release: "shop@1".to_owned(),
        environment: "test".to_owned(),
        sdk: "sentry.rust/1.2.3".to_owned(),
    }
}

fn chunk(recording: Recording) -> Option<Value> {
    chunk_with(&mut symbols(), recording)
}

fn chunk_with(symbols: &mut Symbols, recording: Recording) -> Option<Value> {
    let payload = payload(recording, &origin(), symbols, &AtomicBool::new(false)).unwrap()?;
    serde_json::from_slice(&payload).unwrap()
}

/// The functions of each sample, innermost first.
fn functions(chunk: &Value) -> Vec<Vec<&str>> {
    let profile = &chunk["profile"];
    let function = |frame: &Value| {
        profile["frames"][frame.as_u64().unwrap() as usize]["function"]
            .as_str()
            .unwrap()
            .rsplit("::")
            .next()
            .unwrap()
    };
    let stack = |sample: &Value| {
        let stack = &profile["stacks"][sample["stack_id"].as_u64().unwrap() as usize];
        stack.as_array().unwrap().iter().map(function).collect()
    };
    profile["samples"].as_array().unwrap().iter().map(stack).collect()
}

#[test]
fn a_chunk_says_whose_it_is_and_what_it_is() {
    let chunk = chunk_of(&[Ran(&[OURS], 0), Ran(&[OURS], 0)]).unwrap();
    for (field, value) in [
        ("version", "2"),
        ("platform", "rust"),
        ("profiler_id", "0123456789abcdef0123456789abcdef"),
        ("release", "shop@1"),
        ("environment", "test"),
    ] {
        assert_eq!(chunk[field], value, "{field}");
    }
    assert_eq!(chunk["client_sdk"], serde_json::json!({ "name": "sentry.rust", "version": "1.2.3" }));
    let id = chunk["chunk_id"].as_str().unwrap();
    assert!(
        id.len() == 32 && id.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it)),
        "{id}"
    );
    assert_eq!(chunk["profile"]["thread_metadata"], serde_json::json!({ "7": { "name": "a worker" } }));
    assert_eq!(chunk["profile"]["samples"][0]["thread_id"], "7");
}

#[test]
fn a_thread_that_waits_below_our_code_is_there_all_the_while() {
    let stack = [FOREIGN, OURS];
    let chunk = chunk_of(&[Ran(&stack, 0), Still(&stack, 0), Still(&stack, 0), Ran(&[OURS], 0)]).unwrap();
    assert_eq!(
        functions(&chunk),
        [vec!["work", "sell"], vec!["work", "sell"], vec!["work", "sell"], vec!["sell"]]
    );
}

#[test]
fn a_thread_that_waits_without_our_code_is_idle_once_and_then_nothing() {
    let stack = [FOREIGN];
    let still = Still(&stack, 0);
    let chunk = chunk_of(&[Ran(&stack, 0), still, still, still, Ran(&stack, 0), still]).unwrap();
    assert_eq!(functions(&chunk), [vec!["work"], vec![], vec!["work"], vec![]]);
    let times: Vec<_> = chunk["profile"]["samples"].as_array().unwrap().iter().collect();
    let between = times[2]["timestamp"].as_f64().unwrap() - times[1]["timestamp"].as_f64().unwrap();
    assert!((between - 0.03).abs() < 1e-6, "{between}");
}

#[test]
fn an_event_loop_that_waits_is_idle_though_ours_called_it() {
    let (waits, work) = ([FOREIGN, EVENT_LOOP, OURS], [OURS, EVENT_LOOP, OURS]);
    let chunk = chunk_of(&[Ran(&waits, 0), Ran(&work, 0), Ran(&waits, 0), Idle, Ran(&work, 0)]).unwrap();
    let ours = vec!["sell", "poll", "sell"];
    assert_eq!(functions(&chunk), [vec![], ours.clone(), vec![], ours]);
}

#[test]
fn a_thread_with_fewer_than_two_samples_that_are_not_idle_is_left_out() {
    let mut recording = Recording::new();
    for (number, other) in (0..).zip([Ran(&[OURS], 0), Idle, Idle]) {
        let tick = recording.tick(Duration::from_millis(10 * number));
        recording.add(THREAD, tick, Ran(&[OURS], 0));
        recording.add(THREAD + 1, tick, other);
    }
    let chunk = chunk(recording).unwrap();
    assert_eq!(chunk["profile"]["samples"].as_array().unwrap().len(), 3);
    assert_eq!(chunk["profile"]["thread_metadata"].as_object().unwrap().len(), 1);
}

#[test]
fn nothing_is_sent_where_no_thread_did_anything() {
    assert_eq!(chunk(Recording::new()), None);
    assert_eq!(chunk_of(&[Idle, Idle, Idle]), None);
    assert_eq!(chunk_of(&[Idle, Ran(&[OURS], 0), Idle]), None);
    assert_eq!(chunk_of(&[Still(&[FOREIGN], 0), Still(&[FOREIGN], 0), Still(&[FOREIGN], 0)]), None);
}

#[test]
fn frames_and_stacks_are_there_once_each() {
    // Two instructions of one line, and two stacks that look the same then.
    let chunk =
        chunk_of(&[Ran(&[OURS, FOREIGN], 0), Ran(&[OURS + 0x10000, FOREIGN], 0), Ran(&[OURS], 0)]).unwrap();
    assert_eq!(chunk["profile"]["frames"].as_array().unwrap().len(), 2);
    assert_eq!(chunk["profile"]["stacks"], serde_json::json!([[0, 1], [0]]));
}

#[test]
fn inlined_calls_are_frames_of_their_own_and_a_named_frame_has_no_address() {
    let chunk = chunk_of(&[Ran(&[INLINED, 0x9000], 0), Ran(&[INLINED], 0)]).unwrap();
    assert_eq!(functions(&chunk), [vec!["inner", "outer", "0x9000"], vec!["inner", "outer"]]);
    let frames = chunk["profile"]["frames"].as_array().unwrap();
    assert!(frames.iter().all(|frame| frame.get("instruction_addr").is_none()));
    assert_eq!(
        frames.iter().map(|frame| frame["in_app"].as_bool().unwrap()).collect::<Vec<_>>(),
        [true, true, false]
    );
}

#[test]
fn a_stack_has_at_most_256_frames_and_loses_the_outermost() {
    let deep: Vec<u64> = std::iter::once(FOREIGN).chain(std::iter::repeat_n(INLINED, 200)).collect();
    let chunk = chunk_of(&[Ran(&deep, 0), Ran(&deep, 0)]).unwrap();
    let stacks = functions(&chunk);
    assert_eq!((stacks[0].len(), stacks[0][0]), (256, "work"));
}

#[test]
fn samples_carry_the_span_that_was_active_and_idle_ones_none() {
    let chunk = chunk_of(&[Ran(&[OURS], 0xab), Ran(&[OURS], 0), Ran(&[OURS], 0xcd), Idle]).unwrap();
    let spans = chunk["profile"]["samples"].as_array().unwrap().iter().map(|sample| sample.get("span_id"));
    let spans: Vec<_> = spans.map(|span| span.and_then(Value::as_str)).collect();
    assert_eq!(spans, [Some("00000000000000ab"), None, Some("00000000000000cd"), None]);
}

#[test]
fn repeats_beyond_their_bound_keep_their_time_but_not_their_number() {
    let mut recording = Recording::new();
    let threads = 40;
    let mut ticks = 0;
    while !recording.is_full(threads) {
        let tick = recording.tick(Duration::from_millis(10 * ticks));
        (0..threads as i32).for_each(|thread| recording.add(thread, tick, Still(&[OURS], 0)));
        ticks += 1;
    }
    assert!(ticks as usize * threads > SAMPLES, "{ticks}");
    let chunk = chunk(recording).unwrap();
    let samples = chunk["profile"]["samples"].as_array().unwrap();
    assert!(samples.len() <= SAMPLES + 2 * threads, "{}", samples.len());
    for thread in (0..threads).map(|thread| thread.to_string()) {
        let of_thread = samples.iter().filter(|sample| sample["thread_id"] == *thread);
        let times: Vec<_> = of_thread.map(|sample| sample["timestamp"].as_f64().unwrap()).collect();
        let duration = times[times.len() - 1] - times[0];
        assert!((duration - 0.01 * (ticks - 1) as f64).abs() < 1e-3, "{duration} of {thread}");
    }
}

#[test]
fn a_chunk_that_nobody_waits_for_is_not_made() {
    let mut recording = Recording::new();
    recording.tick(Duration::ZERO);
    recording.add(THREAD, 0, Ran(&[OURS], 0));
    let made = payload(recording, &origin(), &mut symbols(), &AtomicBool::new(true));
    assert_eq!(made, Err(Cancelled));
}

#[test]
fn the_figures_of_the_process_are_measurements() {
    let mut recording = Recording::new();
    for number in 0..2 {
        let tick = recording.tick(Duration::from_secs(number));
        recording.add(THREAD, tick, Ran(&[OURS], 0));
        recording.measure(Duration::from_secs(number), crate::runtime_stats::read());
    }
    let chunk = chunk(recording).unwrap();
    for (name, unit) in [("cpu_usage", "percent"), ("memory_footprint", "byte")] {
        let measured = &chunk["measurements"][name];
        assert_eq!(
            (measured["unit"].as_str(), measured["values"].as_array().unwrap().len()),
            (Some(unit), 2)
        );
        assert!(measured["values"][0]["value"].is_f64() && measured["values"][1]["timestamp"].is_f64());
    }
}

/// How many addresses are looked up for a chunk in which a thread is seen so often where it never was before.
fn look_ups_for(moments: usize, span: u64, rounds: usize) -> Vec<usize> {
    let mut symbols = symbols();
    chunk_with(&mut symbols, recording_of(&[Ran(&[OURS], 0), Ran(&[OURS], 0)]));
    let look_ups = |_| {
        let before = LOOK_UPS.get();
        let samples = vec![Ran(&[FOREIGN + 7, OURS + 7], span); moments];
        chunk_with(&mut symbols, recording_of(&samples));
        LOOK_UPS.get() - before
    };
    (0..rounds).map(look_ups).collect()
}

#[test]
fn what_is_seen_for_some_moments_without_a_span_is_looked_up_when_it_recurs() {
    let few = FEW as usize;
    assert_eq!(look_ups_for(few, 0, 3), [0, 2, 0]);
    assert_eq!(look_ups_for(few + 1, 0, 2), [2, 0]);
    assert_eq!(look_ups_for(1, 5, 2), [2, 0]);
}

#[test]
fn a_stack_of_which_nothing_is_known_is_none() {
    let mut symbols = symbols();
    let known = chunk_with(&mut symbols, recording_of(&[Ran(&[OURS], 0), Ran(&[OURS], 0)])).unwrap();
    assert_eq!(functions(&known), [["sell"], ["sell"]]);
    let samples = [Ran(&[OURS], 0), Ran(&[OURS], 0), Ran(&[FOREIGN], 0), Ran(&[OURS], 0)];
    let chunk = chunk_with(&mut symbols, recording_of(&samples)).unwrap();
    assert_eq!(functions(&chunk), [vec!["sell"], vec!["sell"], vec![], vec!["sell"]]);
    assert_eq!(chunk_with(&mut symbols, recording_of(&[Ran(&[INLINED], 0), Ran(&[INLINED], 0)])), None);
}

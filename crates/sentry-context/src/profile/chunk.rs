//! A recording with its symbols, as Sentry takes it. Made off the sampling thread, once per chunk.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, UNIX_EPOCH};

use sentry::Client;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::recording::{Recording, SAMPLES, Stretch};
use super::symbols::Symbols;
use super::table::{Kind, Table};
use crate::runtime_stats::RuntimeStats;

/// Moments of work without a span, all together, whose names are looked up only if they recur: to read the debug
/// information takes as long as the work itself.
const FEW: u32 = 20;

/// What all chunks of a process say.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) profiler: String,
    pub(super) release: String,
    pub(super) environment: String,
    /// Name and version, as in `sentry.rust/1.2.3`.
    pub(super) sdk: String,
}

impl Origin {
    pub(super) fn of(client: &Client, profiler: Uuid) -> Self {
        let options = client.options();
        let text =
            |text: &Option<std::borrow::Cow<'static, str>>| text.clone().unwrap_or_default().into_owned();
        Self {
            profiler: profiler.simple().to_string(),
            release: text(&options.release),
            environment: text(&options.environment),
            sdk: options.user_agent.to_string(),
        }
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    version: &'static str,
    chunk_id: String,
    profiler_id: &'a str,
    platform: &'static str,
    client_sdk: Sdk<'a>,
    release: &'a str,
    environment: &'a str,
    measurements: BTreeMap<&'static str, Measurement>,
    profile: Profile<'a>,
}

#[derive(Serialize)]
struct Sdk<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Measurement {
    unit: &'static str,
    values: Vec<Value>,
}

#[derive(Serialize)]
struct Value {
    timestamp: f64,
    value: f64,
}

#[derive(Serialize)]
struct Profile<'a> {
    samples: Vec<Sample>,
    #[serde(flatten)]
    table: &'a Table<'a>,
    thread_metadata: BTreeMap<String, Metadata>,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

/// Of which there are some ten thousand.
#[derive(Debug, Clone, Copy)]
struct Sample {
    timestamp: f64,
    stack: u32,
    thread: i32,
    /// The span that was active on the thread, or 0. Sentry, which does not know it, leaves it out.
    span: u64,
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.span == 0 { 3 } else { 4 };
        let mut sample = serializer.serialize_struct("Sample", fields)?;
        sample.serialize_field("timestamp", &self.timestamp)?;
        sample.serialize_field("stack_id", &self.stack)?;
        sample.serialize_field("thread_id", &Text(self.thread))?;
        if self.span != 0 {
            sample.serialize_field("span_id", &Text(format_args!("{:016x}", self.span)))?;
        }
        sample.end()
    }
}

/// A number as text.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Nobody waits for the chunk any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cancelled;

/// The payload of a chunk. `None` if no thread did anything, which a server refuses.
pub(super) fn payload(
    mut recording: Recording,
    origin: &Origin,
    symbols: &mut Symbols,
    cancelled: &AtomicBool,
) -> Result<Option<Vec<u8>>, Cancelled> {
    let stacks = recording.stacks();
    let go_on = || !cancelled.load(Relaxed);
    let is_learned = if is_little(&recording, &stacks, symbols) {
        symbols.learn_what_recurs(&stacks, go_on)
    } else {
        symbols.learn(&stacks, go_on)
    };
    if !is_learned {
        return Err(Cancelled);
    }
    let mut table = Table::new(symbols);
    let stacks: Vec<_> = stacks.into_iter().map(|addresses| table.stack(addresses)).collect();
    let mut samples = Vec::new();
    let mut names = BTreeMap::new();
    let mut repeats = SAMPLES;
    for (id, track) in std::mem::take(&mut recording.threads) {
        let of_thread = thread(id, &track.stretches, &recording, &stacks, &mut repeats);
        // A server drops what it cannot give a duration.
        if of_thread.iter().filter(|sample| sample.0.is_some()).count() < 2 {
            continue;
        }
        samples.extend(of_thread.into_iter().map(|(stack, mut sample)| {
            sample.stack = stack.unwrap_or_else(|| table.idle());
            sample
        }));
        names.insert(id.to_string(), Metadata { name: track.name });
    }
    if samples.is_empty() {
        return Ok(None);
    }
    let measurements = measurements(&recording);
    // All that is left of it is in the table.
    drop(recording);
    table.complete();
    samples.sort_by(|one, other| one.timestamp.total_cmp(&other.timestamp));
    let (name, version) = origin.sdk.split_once('/').unwrap_or((&origin.sdk, ""));
    let chunk = Chunk {
        version: "2",
        chunk_id: Uuid::new_v4().simple().to_string(),
        profiler_id: &origin.profiler,
        platform: "rust",
        client_sdk: Sdk { name, version },
        release: &origin.release,
        environment: &origin.environment,
        measurements,
        profile: Profile { samples, table: &table, thread_metadata: names },
    };
    Ok(serde_json::to_vec(&chunk).ok())
}

/// Is what is not known of the stacks next to nothing? Then the service has nothing to do, and that is to cost nothing.
fn is_little(recording: &Recording, stacks: &[&[u64]], symbols: &Symbols) -> bool {
    if symbols.are_none() {
        return false;
    }
    let are_known: Vec<bool> = stacks.iter().map(|stack| symbols.know(stack)).collect();
    let is_unknown = |it: &&Stretch| {
        it.stack.is_some_and(|stack| are_known.get(stack as usize).is_some_and(|is_known| !is_known))
    };
    let stretches = recording.threads.values().flat_map(|track| &track.stretches);
    let mut few = FEW;
    for stretch in stretches.filter(is_unknown) {
        let Some(left) = few.checked_sub(stretch.last - stretch.first + 1) else { return false };
        if stretch.span != 0 {
            return false;
        }
        few = left;
    }
    true
}

/// The samples of a thread, with their stacks, `None` if it is idle. An idle thread has one, which lasts until the next.
fn thread(
    id: i32,
    stretches: &[Stretch],
    recording: &Recording,
    stacks: &[(u32, Kind)],
    repeats: &mut usize,
) -> Vec<(Option<u32>, Sample)> {
    let mut samples: Vec<(Option<u32>, Sample)> = Vec::new();
    for stretch in stretches {
        let stack = stretch.stack.and_then(|stack| stacks.get(stack as usize)).copied();
        // Where it did something, and where that ended before the stretch does.
        let (stack, end) = match stack {
            Some((stack, Kind::Ours)) => (Some(stack), stretch.last + 1),
            Some((stack, Kind::Foreign)) => (Some(stack), stretch.still),
            Some((_, Kind::WaitsForEvents)) | None => (None, stretch.first),
        };
        let mut at = |tick: u32, stack: Option<u32>| {
            let Some(time) = recording.ticks.get(tick as usize) else { return };
            let span = if stack.is_some() { stretch.span } else { 0 };
            let timestamp = seconds(recording, *time);
            samples.push((stack, Sample { timestamp, stack: 0, thread: id, span }));
        };
        for tick in stretch.first..end {
            let is_edge = tick == stretch.first || tick + 1 == end;
            if is_edge || *repeats > 0 {
                at(tick, stack);
            }
            // Its duration is that up to the next one all the same.
            *repeats = repeats.saturating_sub(usize::from(!is_edge));
        }
        if end <= stretch.last {
            at(end, None);
        }
    }
    // Idle once, and then nothing until it is not.
    samples.dedup_by(|later, before| later.0.is_none() && before.0.is_none());
    samples
}

fn seconds(recording: &Recording, at: Duration) -> f64 {
    (recording.start + at).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn measurements(recording: &Recording) -> BTreeMap<&'static str, Measurement> {
    let series = |unit, figure: fn(&RuntimeStats) -> f64| {
        let value = |(at, stats): &(Duration, RuntimeStats)| Value {
            timestamp: seconds(recording, *at),
            value: figure(stats),
        };
        Measurement { unit, values: recording.measured.iter().map(value).collect() }
    };
    BTreeMap::from([
        ("cpu_usage", series("percent", |stats| stats.cpu_percent.into())),
        ("memory_footprint", series("byte", |stats| stats.memory_bytes as f64)),
    ])
}

#[cfg(test)]
mod tests;

//! A chunk of a continuous profile: [Sample Format V2](https://develop.sentry.dev/sdk/telemetry/profiles/sample-format-v2/).
//!
//! What a reader could not interpret is refused, as by Sentry's Relay: bad indices, other versions, more than 66 s.
//! Other fields may have any type or be missing.

mod sent;
mod weight;

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::event_id;
use crate::text::{LONG, SHORT, clip};

use sent::{Sent, SentFrame, SentMeasurement, SentProfile, SentSample, SentValue};

/// Longest chunk, seconds: Relay's limit.
const MAX_SECONDS: f64 = 66.0;

/// Most frames of a stack that are kept, those nearest to the leaf.
const MAX_STACK: usize = 512;

/// Times beyond the year 5000 are none.
const MAX_TIME: f64 = 1e11;

/// A chunk, without what no view shows.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) project: String,
    pub(crate) profiler_id: String,
    pub(crate) chunk_id: String,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) platform: Option<String>,
    /// Its first and its last sample, seconds since 1970.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) frames: Vec<Frame>,
    /// Indices of frames, leaf first; all are valid.
    pub(crate) stacks: Vec<Vec<u32>>,
    pub(crate) tracks: Vec<Track>,
    /// Whether a sample says which span was active.
    pub(crate) knows_spans: bool,
    pub(crate) cpu: Vec<Measured>,
    pub(crate) memory: Vec<Measured>,
}

/// A function that was running.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) module: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) in_app: bool,
}

/// The samples of a thread, in the order of their times.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) thread: String,
    pub(crate) name: Option<String>,
    pub(crate) samples: Vec<Sample>,
    /// How long it was not idle within the chunk, seconds.
    pub(crate) busy: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: f64,
    /// A valid index.
    pub(crate) stack: u32,
    /// The span that was active, where the profiler knows it.
    pub(crate) span: Option<u64>,
}

/// A measurement and its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) at: f64,
    pub(crate) value: f64,
}

impl Chunk {
    /// Reads a payload; `platform` is what the item's header says.
    pub(crate) fn read(project: &str, platform: Option<&str>, payload: &[u8]) -> Result<Self, String> {
        let sent: Sent =
            serde_json::from_slice(payload).map_err(|error| format!("no profile chunk: {error}"))?;
        if sent.version != Some(Value::from("2")) {
            return Err("its version is not \"2\"".to_owned());
        }
        if platform.is_some_and(|header| sent.platform.as_deref() != Some(header)) {
            return Err("the platform of its header is not that of its payload".to_owned());
        }
        let id = |name: &str, id: Option<String>| {
            id.as_deref().and_then(event_id::normalised).ok_or_else(|| format!("its {name} is not a UUID"))
        };
        let SentProfile { samples, stacks, frames, thread_metadata } = sent.profile;
        check(&samples, &stacks, frames.len())?;
        let (from, to) = range(&samples)?;
        let idle: Vec<bool> = stacks.iter().map(Vec::is_empty).collect();
        let measurement = |name: &str| measured(sent.measurements.as_ref().and_then(|all| all.get(name)));
        let short = |text: Option<String>| text.map(|text| clip(&text, SHORT));
        Ok(Self {
            project: project.to_owned(),
            profiler_id: id("profiler_id", sent.profiler_id)?,
            chunk_id: id("chunk_id", sent.chunk_id)?,
            cpu: measurement("cpu_usage"),
            memory: measurement("memory_footprint"),
            release: short(sent.release),
            environment: short(sent.environment),
            platform: short(sent.platform),
            from,
            to,
            frames: frames.into_iter().map(Frame::from).collect(),
            stacks: stacks.into_iter().map(leaves).collect(),
            knows_spans: samples.iter().any(|sample| span(sample).is_some()),
            tracks: tracks(samples, &idle, &thread_metadata.unwrap_or_default()),
        })
    }

    pub(crate) fn track(&self, thread: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.thread == thread)
    }

    pub(crate) fn samples(&self) -> usize {
        self.tracks.iter().map(|track| track.samples.len()).sum()
    }

    /// Leaf first; an idle thread has an empty one.
    pub(crate) fn stack(&self, sample: &Sample) -> &[u32] {
        self.stacks.get(sample.stack as usize).map_or(&[], Vec::as_slice)
    }
}

fn check(samples: &[SentSample], stacks: &[Vec<u32>], frames: usize) -> Result<(), String> {
    if let Some(bad) = samples.iter().position(|sample| sample.stack_id as usize >= stacks.len()) {
        return Err(format!("sample {bad} has a stack_id beyond its {} stacks", stacks.len()));
    }
    if let Some(bad) = stacks.iter().position(|stack| stack.iter().any(|frame| *frame as usize >= frames)) {
        return Err(format!("stack {bad} has an index beyond its {frames} frames"));
    }
    Ok(())
}

fn range(samples: &[SentSample]) -> Result<(f64, f64), String> {
    let times = || samples.iter().map(|sample| sample.timestamp);
    if let Some(bad) = times().position(|at| !(0.0..=MAX_TIME).contains(&at)) {
        return Err(format!("sample {bad} has no time in seconds since 1970"));
    }
    let (from, to) = (times().fold(f64::MAX, f64::min), times().fold(0.0, f64::max));
    if samples.is_empty() {
        return Err("it has no samples".to_owned());
    }
    if to - from > MAX_SECONDS {
        return Err(format!("its samples are of more than {MAX_SECONDS} seconds"));
    }
    Ok((from, to))
}

fn leaves(mut stack: Vec<u32>) -> Vec<u32> {
    stack.truncate(MAX_STACK);
    stack.shrink_to_fit();
    stack
}

fn span(sample: &SentSample) -> Option<u64> {
    sample.span_id.as_deref().and_then(parse_span)
}

/// The id of a span: 16 hex digits.
pub(crate) fn parse_span(id: &str) -> Option<u64> {
    u64::from_str_radix(id, 16).ok().filter(|_| id.len() == 16)
}

fn tracks(samples: Vec<SentSample>, idle: &[bool], names: &HashMap<String, Value>) -> Vec<Track> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut tracks: Vec<Track> = Vec::new();
    for sent in samples {
        let sample = Sample { at: sent.timestamp, stack: sent.stack_id, span: span(&sent) };
        let thread = match sent.thread_id {
            Value::String(id) => clip(&id, SHORT),
            other => clip(&other.to_string(), SHORT),
        };
        let place = *places.entry(thread).or_insert_with_key(|thread| {
            let name = names.get(thread).and_then(|it| it["name"].as_str()).map(|it| clip(it, SHORT));
            tracks.push(Track { thread: thread.clone(), name, samples: Vec::new(), busy: 0.0 });
            tracks.len() - 1
        });
        tracks[place].samples.push(sample);
    }
    for track in &mut tracks {
        track.samples.sort_by(|one, other| one.at.total_cmp(&other.at));
        track.samples.shrink_to_fit();
        let pairs = track.samples.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
        let busy = pairs.filter(|(sample, _)| !idle.get(sample.stack as usize).is_none_or(|idle| *idle));
        track.busy = busy.map(|(sample, next)| next.at - sample.at).sum();
    }
    tracks
}

fn measured(sent: Option<&Value>) -> Vec<Measured> {
    let sent: Option<SentMeasurement> = sent.and_then(|sent| SentMeasurement::deserialize(sent).ok());
    let values = sent.into_iter().flat_map(|sent| sent.values);
    values.map(|SentValue { timestamp: at, value }| Measured { at, value }).collect()
}

impl From<SentFrame> for Frame {
    fn from(sent: SentFrame) -> Self {
        let function = sent.function.filter(|name| !name.is_empty()).or(sent.instruction_addr);
        let file = sent.filename.or(sent.abs_path);
        Self {
            function: function.map_or_else(|| "<unnamed>".to_owned(), |name| clip(&name, LONG)),
            module: sent.module.map(|name| clip(&name, SHORT)),
            file: file.map(|name| clip(&name, LONG)),
            line: sent.lineno,
            in_app: sent.in_app.unwrap_or(false),
        }
    }
}

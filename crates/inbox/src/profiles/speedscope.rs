//! [Speedscope's own format](https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources): each thread as a
//! list of stacks in the order of time.

use std::collections::HashMap;

use serde::Serialize;

use super::chunk::Frame;
use super::selection::Selection;

/// Most indices of frames in an export. Stacks that follow each other and are equal count once.
pub(crate) const MAX_INDICES: usize = 2_000_000;

/// The selection is too large to be written out.
#[derive(Debug, thiserror::Error)]
#[error("these are more than {MAX_INDICES} frames; choose a shorter range or one thread")]
pub(crate) struct TooLarge;

#[derive(Debug, Serialize)]
pub(crate) struct File {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: String,
    exporter: &'static str,
    shared: Shared,
    profiles: Vec<Thread>,
}

#[derive(Debug, Serialize)]
struct Shared {
    frames: Vec<Named>,
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Thread {
    #[serde(rename = "type")]
    ty: &'static str,
    name: String,
    unit: &'static str,
    start_value: f64,
    end_value: f64,
    /// Root first.
    samples: Vec<Vec<usize>>,
    weights: Vec<f64>,
    /// Chunk and stack of the last sample, which a further one may prolong.
    #[serde(skip)]
    last: Option<(usize, u32)>,
}

/// The selection as a file of this name.
pub(crate) fn export(selection: &Selection<'_>, name: String) -> Result<File, TooLarge> {
    let mut numbers: HashMap<&Frame, usize> = HashMap::new();
    let mut frames = Vec::new();
    let mut threads: Vec<Thread> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut left = Some(MAX_INDICES);
    selection.visit(|chunk, track, taken| {
        let at = taken.at - selection.from;
        let place = *places.entry(&track.thread).or_insert_with(|| {
            threads.push(Thread::new(&track.thread, track.name.as_deref(), at));
            threads.len() - 1
        });
        let thread = &mut threads[place];
        thread.pause_until(at);
        let stack = (taken.chunk, taken.sample.stack);
        if thread.last == Some(stack) {
            thread.prolong(taken.seconds);
            return;
        }
        left = left.and_then(|left| left.checked_sub(1 + chunk.stack(taken.sample).len()));
        if left.is_none() {
            return;
        }
        let indices =
            chunk.stack(taken.sample).iter().rev().filter_map(|frame| chunk.frames.get(*frame as usize));
        let indices = indices.map(|frame| {
            *numbers.entry(frame).or_insert_with(|| {
                frames.push(Named {
                    name: frame.function.clone(),
                    file: frame.file.clone(),
                    line: frame.line,
                });
                frames.len() - 1
            })
        });
        thread.push(indices.collect(), taken.seconds, Some(stack));
    });
    left.ok_or(TooLarge)?;
    Ok(File {
        schema: "https://www.speedscope.app/file-format-schema.json",
        name,
        exporter: concat!("inbox@", env!("CARGO_PKG_VERSION")),
        shared: Shared { frames },
        profiles: threads,
    })
}

impl Thread {
    fn new(id: &str, name: Option<&str>, start: f64) -> Self {
        Self {
            ty: "sampled",
            name: name.map_or_else(|| format!("thread {id}"), |name| format!("{name} ({id})")),
            unit: "seconds",
            start_value: start,
            end_value: start,
            samples: Vec::new(),
            weights: Vec::new(),
            last: None,
        }
    }

    fn push(&mut self, stack: Vec<usize>, seconds: f64, last: Option<(usize, u32)>) {
        self.samples.push(stack);
        self.weights.push(seconds);
        self.end_value += seconds;
        self.last = last;
    }

    fn prolong(&mut self, seconds: f64) {
        if let Some(weight) = self.weights.last_mut() {
            *weight += seconds;
        }
        self.end_value += seconds;
    }

    /// Nothing is known of the time between two samples of which the first does not last until the second.
    fn pause_until(&mut self, at: f64) {
        if at > self.end_value {
            self.push(Vec::new(), at - self.end_value, None);
        }
    }
}

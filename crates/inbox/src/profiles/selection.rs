//! Some samples of a profiler, and how long each of them lasted.

use std::collections::HashSet;

use super::Chunks;
use super::chunk::{Chunk, Sample, Track};

/// Longest pause between two chunks over which the last sample of a thread goes on, seconds. After a longer one the profiler
/// had stopped.
const MAX_PAUSE: f64 = 0.1;

/// Which samples. What is not said is not narrowed.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) chunks: &'a Chunks,
    /// Seconds since 1970.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) thread: Option<&'a str>,
    pub(crate) spans: Option<&'a HashSet<u64>>,
}

/// A sample within the selection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'a> {
    pub(crate) sample: &'a Sample,
    /// Which of the chunks it is from.
    pub(crate) chunk: usize,
    /// When its part within the selection begins, and how long that is, seconds.
    pub(crate) at: f64,
    pub(crate) seconds: f64,
}

impl<'a> Selection<'a> {
    /// Everything that is held.
    pub(crate) fn whole(chunks: &'a Chunks) -> Self {
        let (from, to) = chunks.range();
        Self { chunks, from, to, thread: None, spans: None }
    }

    /// The samples, chunk by chunk and thread by thread. Each lasts until the next one of its thread.
    pub(crate) fn visit(&self, mut visit: impl FnMut(&'a Chunk, &'a Track, Taken<'a>)) {
        for (place, chunk) in self.chunks.0.iter().enumerate() {
            if chunk.from > self.to || chunk.to + MAX_PAUSE < self.from {
                continue;
            }
            for track in chunk.tracks.iter().filter(|it| self.thread.is_none_or(|thread| it.thread == thread))
            {
                let after = self.chunks.0.get(place + 1).and_then(|next| next.track(&track.thread));
                for (sample, until) in lasting(track, after) {
                    let (at, until) = (sample.at.max(self.from), until.min(self.to));
                    let within = sample.at <= self.to && until >= self.from;
                    if within
                        && self.spans.is_none_or(|spans| sample.span.is_some_and(|it| spans.contains(&it)))
                    {
                        let seconds = (until - at).max(0.0);
                        visit(chunk, track, Taken { sample, chunk: place, at, seconds });
                    }
                }
            }
        }
    }
}

/// Each sample and its end. The last one ends where the thread's samples in the next chunk begin.
fn lasting<'a>(track: &'a Track, after: Option<&Track>) -> impl Iterator<Item = (&'a Sample, f64)> {
    let next = after.and_then(|track| track.samples.first()).map(|sample| sample.at);
    let ends = track.samples.iter().skip(1).map(|sample| Some(sample.at)).chain([next]);
    let last = track.samples.len().saturating_sub(1);
    track.samples.iter().zip(ends).enumerate().map(move |(place, (sample, end))| {
        let pause = end.map_or(0.0, |end| end - sample.at);
        let goes_on = place < last || (0.0..=MAX_PAUSE).contains(&pause);
        (sample, if goes_on { sample.at + pause } else { sample.at })
    })
}

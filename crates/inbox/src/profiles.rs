//! Continuous profiles: the chunks of each profiler, and what is made of them.
//!
//! - `chunk`: an item → samples, stacks, frames
//! - `selection`: the samples of a range, a thread, or the spans of a request, and how long each lasted
//! - `graph`: a flame graph and its functions; `timeline`: where in time something ran
//! - `speedscope`, `pprof`: exports
//! - `request`: what the API is asked for

pub(crate) mod api;
pub(crate) mod chunk;
#[cfg(test)]
mod fuzz;
mod graph;
mod pprof;
mod request;
mod selection;
mod speedscope;
mod timeline;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::answers::{ProfiledThread, Profiler};
use crate::ring::Ring;
use crate::weight::Weigh;

pub(crate) use chunk::Chunk;
use chunk::Track;
use selection::Selection;

/// Most profilers that are kept: one for each run of a process.
pub(crate) const MAX_PROFILERS: usize = 16;

/// Most chunks of a profiler: half an hour where a chunk is 10 s.
pub(crate) const MAX_CHUNKS: usize = 180;

/// Most bytes of memory of a profiler's chunks.
pub(crate) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Most threads of a profiler that are listed, those that ran longest.
const MAX_THREADS: usize = 200;

/// The chunks of every profiler, bounded by count and bytes; the oldest go first.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    /// The most recently updated one is the last.
    profilers: Vec<Held>,
    evicted: u64,
}

#[derive(Debug)]
struct Held {
    project: String,
    id: String,
    chunks: Ring<Arc<Chunk>>,
}

impl Profiles {
    /// Keeps a chunk. One that arrives again is not counted twice.
    pub(crate) fn push(&mut self, chunk: Chunk) {
        let same = |it: &Held| it.id == chunk.profiler_id && it.project == chunk.project;
        let mut held = match self.profilers.iter().position(same) {
            Some(place) => self.profilers.remove(place),
            None => Held {
                project: chunk.project.clone(),
                id: chunk.profiler_id.clone(),
                chunks: Ring::new(MAX_CHUNKS),
            },
        };
        if !held.chunks.iter().any(|it| it.chunk_id == chunk.chunk_id) {
            let (before, weight) = (held.chunks.evicted(), chunk.weight());
            held.chunks.push(Arc::new(chunk), weight);
            while held.chunks.bytes() > MAX_BYTES && held.chunks.forget_oldest() {}
            self.evicted += held.chunks.evicted() - before;
        }
        self.profilers.push(held);
        if self.profilers.len() > MAX_PROFILERS {
            self.forget_profiler(0);
        }
    }

    /// Forgets the oldest chunk of the profiler that takes most, unless that is the only one.
    pub(crate) fn forget_oldest(&mut self) -> bool {
        let by_bytes = |it: &(usize, &mut Held)| it.1.chunks.bytes();
        let Some((place, held)) = self.profilers.iter_mut().enumerate().max_by_key(by_bytes) else {
            return false;
        };
        if held.chunks.forget_oldest() {
            self.evicted += 1;
            return true;
        }
        let others = self.profilers.len() > 1;
        if others {
            self.forget_profiler(place);
        }
        others
    }

    fn forget_profiler(&mut self, place: usize) {
        self.evicted += self.profilers.remove(place).chunks.len() as u64;
    }

    pub(crate) fn len(&self) -> usize {
        self.profilers.iter().map(|held| held.chunks.len()).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.profilers.iter().map(|held| held.chunks.bytes()).sum()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Each measurement: the service, the time, and the memory or the CPU use.
    pub(crate) fn visit_measured(&self, mut visit: impl FnMut(&str, f64, Option<f64>, Option<f64>)) {
        for chunk in self.profilers.iter().flat_map(|held| held.chunks.iter()) {
            let service = chunk.release.as_deref().and_then(service_of).unwrap_or(&chunk.project);
            for memory in &chunk.memory {
                visit(service, memory.at, Some(memory.value / (1024.0 * 1024.0)), None);
            }
            for cpu in &chunk.cpu {
                visit(service, cpu.at, None, Some(cpu.value));
            }
        }
    }

    /// The chunks of each profiler, the most recently updated profiler first. They can be read without the lock.
    fn all(&self) -> Vec<Chunks> {
        self.profilers.iter().rev().map(|held| Chunks::of(held.chunks.iter().cloned().collect())).collect()
    }
}

/// Profilers have no tags: a release is named `SERVICE@VERSION`.
fn service_of(release: &str) -> Option<&str> {
    release.split('@').next()
}

/// The chunks of one profiler, by time; one at least.
#[derive(Debug, Clone)]
pub(crate) struct Chunks(Vec<Arc<Chunk>>);

impl Chunks {
    fn of(mut chunks: Vec<Arc<Chunk>>) -> Self {
        chunks.sort_by(|one, other| one.from.total_cmp(&other.from));
        Self(chunks)
    }

    fn latest(&self) -> Option<&Chunk> {
        self.0.last().map(Arc::as_ref)
    }

    /// The first and the last sample.
    fn range(&self) -> (f64, f64) {
        let from = self.0.iter().map(|chunk| chunk.from).fold(f64::MAX, f64::min);
        (from, self.0.iter().map(|chunk| chunk.to).fold(0.0, f64::max))
    }

    /// What lists show of it.
    fn summary(&self) -> Option<Profiler> {
        let latest = self.latest()?;
        let (from, to) = self.range();
        let release = latest.release.clone();
        // Each chunk knows its own: lists are asked for every second.
        let mut threads = Threads::default();
        for track in self.0.iter().flat_map(|chunk| &chunk.tracks) {
            threads.add(track, track.busy);
        }
        Some(Profiler {
            profiler_id: latest.profiler_id.clone(),
            project: latest.project.clone(),
            service: release.as_deref().and_then(service_of).map(str::to_owned),
            release,
            environment: latest.environment.clone(),
            platform: latest.platform.clone(),
            from,
            to,
            chunks: self.0.len(),
            samples: self.0.iter().map(|chunk| chunk.samples()).sum(),
            threads: threads.longest_first(),
        })
    }
}

/// The threads of a selection, the one that ran longest first.
fn threads(selection: &Selection<'_>) -> Vec<ProfiledThread> {
    let mut threads = Threads::default();
    selection.visit(|chunk, track, taken| {
        let busy = if chunk.stack(taken.sample).is_empty() { 0.0 } else { taken.seconds };
        threads.add(track, busy);
    });
    threads.longest_first()
}

/// How long each thread ran.
#[derive(Debug, Default)]
struct Threads<'a>(BTreeMap<&'a str, (Option<&'a str>, f64)>);

impl<'a> Threads<'a> {
    fn add(&mut self, track: &'a Track, seconds: f64) {
        let (name, busy) = self.0.entry(&track.thread).or_default();
        *name = name.or(track.name.as_deref());
        *busy += seconds;
    }

    fn longest_first(self) -> Vec<ProfiledThread> {
        let mut threads: Vec<_> = self.0.into_iter().collect();
        threads.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
        threads.truncate(MAX_THREADS);
        let thread = |(id, (name, busy)): (&str, (Option<&str>, f64))| ProfiledThread {
            id: id.to_owned(),
            name: name.map(str::to_owned),
            busy_ms: graph::milliseconds(busy),
        };
        threads.into_iter().map(thread).collect()
    }
}

//! How much memory a chunk takes.

use super::{Chunk, Frame, Measured, Sample, Track};
use crate::weight::{Weigh, heap_of};

impl Weigh for u32 {
    fn heap(&self) -> usize {
        0
    }
}

impl Weigh for Measured {
    fn heap(&self) -> usize {
        0
    }
}

impl Weigh for Sample {
    fn heap(&self) -> usize {
        0
    }
}

impl Weigh for Track {
    fn heap(&self) -> usize {
        heap_of([&self.thread, &self.name, &self.samples])
    }
}

impl Weigh for Frame {
    fn heap(&self) -> usize {
        heap_of([&self.function, &self.module, &self.file])
    }
}

impl Weigh for Chunk {
    fn heap(&self) -> usize {
        heap_of([
            &self.project,
            &self.profiler_id,
            &self.chunk_id,
            &self.release,
            &self.environment,
            &self.platform,
            &self.frames,
            &self.stacks,
            &self.tracks,
            &self.cpu,
            &self.memory,
        ])
    }
}

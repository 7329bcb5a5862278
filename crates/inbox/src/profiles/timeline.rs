//! Where in time something ran: what a range is chosen on.

use super::Chunks;
use super::chunk::Measured;
use super::graph::milliseconds;
use super::selection::Selection;
use crate::answers::ProfileTimeline;

/// Parts of a timeline.
pub(crate) const PARTS: usize = 120;

/// All that is held of a profiler, or of one of its threads.
pub(crate) fn timeline(chunks: &Chunks, thread: Option<&str>) -> ProfileTimeline {
    let whole = Selection { thread, ..Selection::whole(chunks) };
    let step = ((whole.to - whole.from) / PARTS as f64).max(f64::MIN_POSITIVE);
    let part = |at: f64| (((at - whole.from) / step) as usize).min(PARTS - 1);
    let mut busy = vec![0.0; PARTS];
    whole.visit(|chunk, _, taken| {
        if !chunk.stack(taken.sample).is_empty() {
            busy[part(taken.at)] += taken.seconds;
        }
    });
    let measured = |of: fn(&super::Chunk) -> &[Measured], unit: f64| {
        let mut highest = vec![None; PARTS];
        for measured in chunks.0.iter().flat_map(|chunk| of(chunk)) {
            if (whole.from..=whole.to).contains(&measured.at) {
                let highest: &mut Option<f64> = &mut highest[part(measured.at)];
                *highest = Some(highest.map_or(measured.value / unit, |it| it.max(measured.value / unit)));
            }
        }
        highest
    };
    ProfileTimeline {
        from: whole.from,
        to: whole.to,
        busy_ms: busy.into_iter().map(milliseconds).collect(),
        cpu_percent: measured(|chunk| &chunk.cpu, 1.0),
        memory_mb: measured(|chunk| &chunk.memory, 1024.0 * 1024.0),
    }
}

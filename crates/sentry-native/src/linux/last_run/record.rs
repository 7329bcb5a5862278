//! The file: an entry of fixed length in JSON, and behind it what a signal's handler noted.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use sentry_context::platform::Panic;
use sentry_context::runtime_stats::{self, RuntimeStats, mb};
use serde::{Deserialize, Serialize};

use super::image::Image;
use super::layout;
use super::panics::Panics;
use super::termination::{self, Termination};

/// How a process is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Vitals {
    pub(super) release: String,
    pub(super) pid: u32,
    /// Of its container or unit, if that has one.
    pub(super) memory_limit_mb: Option<f64>,
    pub(super) stats: RuntimeStats,
    /// Where its program was in memory; `None` if the system does not say.
    #[serde(default)]
    pub(super) image: Option<Image>,
}

impl Vitals {
    /// This process's.
    pub(super) fn new(release: &str) -> Self {
        let stats = runtime_stats::read();
        let (release, pid) = (release.to_owned(), std::process::id());
        Self { release, pid, memory_limit_mb: memory_limit_mb(), stats, image: Image::own() }
    }

    /// Writes an entry over the last one. What does not fit is not written.
    pub(super) fn write(&mut self, file: &File) -> io::Result<()> {
        self.stats = runtime_stats::read();
        let mut entry = serde_json::to_vec(self)?;
        if entry.len() > layout::ENTRY {
            return Err(io::Error::other("the release's name is too long"));
        }
        entry.resize(layout::ENTRY, b' ');
        file.write_all_at(&entry, 0)
    }
}

/// What the file says of a process that is gone, of its termination, and of panics that were its cause. `None` if it is
/// empty or torn.
pub(super) fn read(file: &File) -> Option<(Vitals, Option<Termination>, Vec<Panic>)> {
    let mut entry = [0; layout::ENTRY];
    file.read_exact_at(&mut entry, 0).ok()?;
    let mut vitals: Vitals = serde_json::from_slice(&entry).ok()?;
    vitals.stats.started = plausible(vitals.stats.started);
    let mut noted = [0; termination::BYTES];
    let noted = file.read_exact_at(&mut noted, layout::TERMINATION).ok().and(Termination::read(&noted));
    let abort = noted.as_ref().filter(|termination| termination.is_abort());
    let panics = abort.and_then(|termination| {
        Panics::read(file).filter(|it| it.ended(termination.thread_id, termination.at))
    });
    Some((vitals, noted, panics.map(|it| it.panics).unwrap_or_default()))
}

/// A time that an event can have: clocks and files may say anything.
pub(super) fn plausible(time: SystemTime) -> SystemTime {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    time.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + CENTURY)
}

/// cgroup version 2, the one that this process is in, which inside of a container is the root; then version 1.
fn memory_limit_mb() -> Option<f64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let unified = Path::new("/sys/fs/cgroup").join(own).join("memory.max");
    let limit = fs::read_to_string(unified)
        .or_else(|_| fs::read_to_string("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
        .ok()?;
    // The kernel writes `max`, or a huge number, for no limit.
    let limit: u64 = limit.trim().parse().ok()?;
    (limit < 1 << 50).then(|| mb(limit))
}

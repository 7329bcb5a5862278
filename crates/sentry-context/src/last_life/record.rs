//! The file: an entry of fixed length in JSON, and behind it a byte for the signal.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use crate::runtime_stats::{self, mb};

/// Bytes of an entry; what it does not need are blanks.
pub(super) const LENGTH: usize = 512;

/// Where the limit of a container is: cgroup version 2, and 1.
const LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// How a process is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Vitals {
    pub(super) release: String,
    pub(super) pid: u32,
    pub(super) uptime_seconds: f64,
    pub(super) memory_mb: f64,
    /// Of its container, if it has one.
    pub(super) memory_limit_mb: Option<f64>,
    pub(super) threads: u32,
    pub(super) open_fds: u32,
}

impl Vitals {
    /// This process's.
    pub(super) fn new(release: &str) -> Self {
        let mut vitals = Self {
            release: release.to_owned(),
            pid: std::process::id(),
            uptime_seconds: 0.0,
            memory_mb: 0.0,
            memory_limit_mb: memory_limit_mb(),
            threads: 0,
            open_fds: 0,
        };
        vitals.refresh();
        vitals
    }

    fn refresh(&mut self) {
        let now = runtime_stats::read();
        self.uptime_seconds = now.uptime_seconds.round();
        self.memory_mb = mb(now.memory_bytes);
        self.threads = now.threads;
        self.open_fds = now.open_fds;
    }

    /// Writes an entry over the last one. What does not fit is not written.
    pub(super) fn write(&mut self, file: &File) -> io::Result<()> {
        self.refresh();
        let mut entry = serde_json::to_vec(self)?;
        if entry.len() > LENGTH {
            return Err(io::Error::other("the release's name is too long"));
        }
        entry.resize(LENGTH, b' ');
        file.write_all_at(&entry, 0)
    }
}

/// What the file says of a process that is gone, and which signal it died of.
pub(super) fn read(file: &File) -> Option<(Vitals, Option<i32>)> {
    let mut bytes = [0; LENGTH];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let vitals = serde_json::from_slice(&bytes).ok()?;
    let mut signal = [0];
    let signal = file.read_exact_at(&mut signal, LENGTH as u64).ok().map(|()| i32::from(signal[0]));
    Some((vitals, signal))
}

/// The kernel gives a huge number for no limit.
fn memory_limit_mb() -> Option<f64> {
    let limit = LIMITS.iter().find_map(|path| fs::read_to_string(path).ok())?;
    let limit: u64 = limit.trim().parse().ok()?;
    (limit < 1 << 50).then(|| mb(limit))
}

//! Why the process before this one ended, if it did not end as it should.
//!
//! Nobody can report its own death by SIGKILL, or by the kernel that wants memory. So each process keeps a small file
//! below `SENTRY_SPOOL_DIR` up to date with its vital signs, adds the signal that kills it where it gets to know it, and
//! removes the file when it ends in order. A file that is still there tells the next process, which tells Sentry: one
//! fatal event, under the release and at the time of the life that ended.

mod record;
mod signals;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use sentry::{Hub, Level};

use crate::frames::Origin;
use crate::report::{self, Reportable};
use crate::{Facts, facts};
use record::Vitals;

/// Between two entries.
const INTERVAL: Duration = Duration::from_millis(500);

/// Processes of one service that can share a folder.
const MOST_PROCESSES: usize = 64;

/// A life that is recorded.
#[derive(Debug)]
pub(crate) struct Life {
    path: PathBuf,
    /// Holds the lock: whoever can take it knows that this process is gone.
    _file: Arc<File>,
}

/// A life that ended without a word.
#[derive(Debug, thiserror::Error)]
#[error("the process before this one {}", self.end())]
struct Ended {
    vitals: Vitals,
    signal: Option<i32>,
    last_seen: SystemTime,
}

impl Life {
    /// Begins to record, and reports the lives that ended since the last time.
    pub(crate) fn begin(folder: &Path, service: &str, release: &str, hub: &Arc<Hub>) -> io::Result<Self> {
        let mut own = None;
        for number in 0..MOST_PROCESSES {
            let path = folder.join(format!("{service}.{number}.life"));
            if own.is_some() && !path.exists() {
                break;
            }
            let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            // It belongs to a process that lives.
            if file.try_lock().is_err() {
                continue;
            }
            if let Some(ended) = Ended::read(&file) {
                ended.report(hub);
            }
            match own {
                None => own = Some((path, Arc::new(file))),
                Some(_) => fs::remove_file(&path)?,
            }
        }
        let (path, file) = own.ok_or_else(|| io::Error::other("too many processes share it"))?;
        file.set_len(0)?;
        record(Arc::clone(&file), Vitals::new(release))?;
        signals::watch(&file);
        Ok(Self { path, _file: file })
    }

    /// This life ends in order.
    pub(crate) fn end(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "the next start will take this end for a crash");
        }
    }
}

/// Writes an entry at once, and then over and over, on a thread of its own.
fn record(file: Arc<File>, mut vitals: Vitals) -> io::Result<()> {
    vitals.write(&file)?;
    let keep = move || {
        loop {
            thread::sleep(INTERVAL);
            // A full disk is no reason to end anything: what was written last still stands.
            let _ = vitals.write(&file);
        }
    };
    thread::Builder::new().name("vital-signs".to_owned()).spawn(keep).map(drop)
}

impl Ended {
    /// `None` where there was no life, or nothing that can be read of it.
    fn read(file: &File) -> Option<Self> {
        let last_seen = file.metadata().ok()?.modified().ok()?;
        let (vitals, signal) = record::read(file)?;
        Some(Self { vitals, signal, last_seen })
    }

    fn report(self, hub: &Arc<Hub>) {
        let (release, last_seen) = (self.vitals.release.clone(), self.last_seen);
        Hub::run(Arc::clone(hub), || {
            hub.with_scope(
                |scope| {
                    scope.add_event_processor(move |mut event| {
                        event.release = Some(release.clone().into());
                        event.timestamp = last_seen;
                        Some(event)
                    });
                },
                || {
                    report::capture(&self, &Origin::of(Vec::new()));
                },
            );
        });
    }

    /// Most of what it was allowed to have.
    fn was_short_of_memory(&self) -> bool {
        self.vitals.memory_limit_mb.is_some_and(|limit| self.vitals.memory_mb > 0.75 * limit)
    }

    fn end(&self) -> String {
        match self.signal {
            Some(_) => format!("died of {}", self.type_name()),
            None if self.was_short_of_memory() => {
                "was killed when it had used up its memory limit".to_owned()
            }
            None => "ended without a word: SIGKILL, a lack of memory, or a power cut".to_owned(),
        }
    }
}

impl Reportable for Ended {
    fn type_name(&self) -> &'static str {
        match self.signal {
            Some(signal) => signals::name(signal),
            None if self.was_short_of_memory() => "OutOfMemory",
            None => "ProcessKilled",
        }
    }

    fn level(&self) -> Level {
        Level::Fatal
    }

    fn handled(&self) -> bool {
        false
    }

    fn mechanism(&self) -> &'static str {
        "last_life"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let Vitals { pid, uptime_seconds, memory_mb, memory_limit_mb, threads, open_fds, .. } = self.vitals;
        let facts = facts([
            ("signal", self.signal.into()),
            ("pid", pid.into()),
            ("uptime_seconds", uptime_seconds.into()),
            ("memory_mb", memory_mb.into()),
            ("memory_limit_mb", memory_limit_mb.into()),
            ("threads", threads.into()),
            ("open_fds", open_fds.into()),
        ]);
        Some(("last_life", facts))
    }
}

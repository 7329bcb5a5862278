//! Why the previous run ended, if it did not end normally.
//!
//! No process can report that SIGKILL or the out-of-memory killer ended it. So each process keeps a small file
//! below `SENTRY_SPOOL_DIR` up to date with its vital signs, adds the signal that kills it where it gets to know it, and
//! removes the file when it ends in order. The next process finds a file that is still there and reports it: one
//! fatal event, under the release and at the time of the run that ended, with how it was then.

mod event;
mod image;
mod layout;
mod now;
mod panics;
mod record;
mod signals;
mod termination;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sentry::Hub;
use sentry_context::platform::{NewRun, Panic, Run};

use event::Ended;
use record::Vitals;

/// Between two entries.
const INTERVAL: Duration = Duration::from_millis(500);

/// Processes of one service that can share a folder.
const MOST_PROCESSES: usize = 64;

/// How long a start waits until the termination before it is delivered: this process may be about to crash as fast.
const DELIVERY: Duration = Duration::from_secs(1);

/// Why an earlier run is not reported; `None` if it is.
pub(crate) const UNAVAILABLE: Option<&str> = None;

/// Writes down the panics that are about to abort the process.
pub(crate) fn record_panics(panics: &[Panic]) -> io::Result<()> {
    panics::write(panics)
}

/// Begins to record a run, and reports those that ended without a report since the last time.
pub(crate) fn begin(run: &NewRun<'_>, hub: &Arc<Hub>) -> io::Result<Option<Box<dyn Run>>> {
    let (mut own, mut reported) = (None, false);
    for number in 0..MOST_PROCESSES {
        let path = run.folder.join(format!("{}.{number}.run", run.service));
        if own.is_some() && !path.exists() {
            continue;
        }
        // It may belong to a process that lives.
        let Some(file) = take(&path)? else { continue };
        if let Some(ended) = Ended::read(&file, run.service, run.panic_type) {
            ended.report(hub);
            reported = true;
        }
        match own {
            None => own = Some((path, Arc::new(file))),
            Some(_) => fs::remove_file(&path)?,
        }
    }
    if let Some(client) = hub.client().filter(|_| reported) {
        client.flush(Some(DELIVERY));
    }
    let (path, file) = own.ok_or_else(|| io::Error::other("too many processes share it"))?;
    file.set_len(0)?;
    record(Arc::clone(&file), Vitals::new(run.release))?;
    panics::watch(&file);
    signals::watch(&file);
    Ok(Some(Box::new(Recorded { path, _file: file })))
}

/// A run that is recorded.
#[derive(Debug)]
struct Recorded {
    path: PathBuf,
    /// Holds the lock: whoever can take it knows that this process is gone.
    _file: Arc<File>,
}

impl Run for Recorded {
    fn end(self: Box<Self>) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "the next start will report this end as a crash");
        }
    }
}

/// Opens and locks the file; `None` if another process has it, or where it is none of ours: a link, a pipe, a folder,
/// or longer than any that is written here.
fn take(path: &Path) -> io::Result<Option<File>> {
    if fs::symlink_metadata(path).is_ok_and(|there| !is_ours(&there)) {
        tracing::warn!(path = %path.display(), "this is not a record of a process, and is left as it is");
        return Ok(None);
    }
    loop {
        let mut options = File::options();
        // Whoever puts a link or a pipe there meanwhile makes it fail, or is found out below.
        options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = options.open(path)?;
        if !is_ours(&file.metadata()?) {
            return Ok(None);
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Its owner may have ended between the two, and taken the file away: then this is one that nobody will find.
        let (opened, there) = (file.metadata()?, fs::metadata(path));
        if there.is_ok_and(|there| there.ino() == opened.ino()) {
            return Ok(Some(file));
        }
    }
}

fn is_ours(there: &fs::Metadata) -> bool {
    there.is_file() && there.len() <= layout::LONGEST
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

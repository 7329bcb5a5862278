//! Errors on disk. What could not be delivered at the end, or in a long outage, is sent when Sentry is back.
//!
//! Each envelope is a gzip file, which `zcat` shows. It is written under another name first, so a process that is killed
//! leaves no half of one. A process has a folder of its own and locks it while it runs; the next process takes over what
//! it left. The files are not trusted: see `folder`.

mod folder;
mod transfer;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::category::{Category, Quantity};
use crate::client_reports::{ClientReports, Reason};
use crate::envelope::EncodedEnvelope;

/// How much is kept. The oldest is discarded first.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Torn files that are kept for a look at them.
const MAX_TORN: usize = 16;

/// Processes of one service that can share a spool.
const MAX_PROCESSES: usize = 64;

/// Room in the lock's file for the last client report, taken while the disk has some: all reasons and categories fit.
pub(crate) const RESERVE: usize = 16 * 1024;

const ENDING: &str = ".envelope.gz";
const TORN: &str = "torn";

/// What was in a torn file is unknown, but it was one error.
const TORN_CONTENT: [Quantity; 1] = [(Category::Error, 1)];

/// The folder of this process.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// The oldest first, with their bytes, without those that are in the outbox.
    waiting: VecDeque<(PathBuf, u64)>,
    bytes: u64,
    written: u64,
    torn: usize,
    lock: File,
    client_reports: Arc<ClientReports>,
    /// The disk has refused an error.
    is_refused: bool,
}

impl Spool {
    /// Locks the first folder below `SPOOL/SERVICE` that no running process has, and takes over what is in the others.
    pub(crate) fn open(spool: &Path, service: &str, client_reports: &Arc<ClientReports>) -> io::Result<Self> {
        let folders = spool.join(service);
        folder::own(&folders)?;
        let mut own: Option<(PathBuf, File)> = None;
        for number in 0..MAX_PROCESSES {
            let folder = folders.join(number.to_string());
            if own.is_some() && !folder.exists() {
                break;
            }
            let Some(lock) = take(&folder) else { continue };
            absorb_carried(&lock, client_reports);
            remove_unfinished(&folder);
            if let Some((to, _)) = &own {
                take_over(&folder, to);
            } else {
                own = Some((folder, lock));
            }
        }
        let (folder, lock) = own.ok_or_else(|| io::Error::other("no folder in it can be had"))?;
        let (paths, torn) = (folder::files(&folder, ENDING)?, folder::files(&folder, TORN)?.len());
        let (client_reports, waiting) = (Arc::clone(client_reports), VecDeque::with_capacity(paths.len()));
        let mut spool =
            Self { folder, waiting, bytes: 0, written: 0, torn, lock, client_reports, is_refused: false };
        paths.into_iter().try_for_each(|path| spool.add(path))?;
        Ok(spool)
    }

    /// Keeps an envelope on disk; false where the disk refuses it, which is logged once.
    pub(crate) fn keep(&mut self, encoded: &EncodedEnvelope) -> bool {
        let kept = self.try_keep(encoded);
        let was_refused = std::mem::replace(&mut self.is_refused, kept.is_err());
        match kept {
            Ok(()) if was_refused => tracing::info!("the spool takes errors again"),
            Err(error) if !was_refused => {
                tracing::error!(%error, "the spool takes no more: errors wait in memory");
            }
            Ok(()) | Err(_) => {}
        }
        !self.is_refused
    }

    /// Keeps an envelope, on disk already or not, and discards the oldest where there are too many.
    fn try_keep(&mut self, encoded: &EncodedEnvelope) -> io::Result<()> {
        let is_there = encoded.file.as_ref().is_some_and(|path| self.add(path.clone()).is_ok());
        if !is_there {
            let path = self.write(encoded)?;
            self.add(path)?;
        }
        while self.waiting.len() > 1 && (self.waiting.len() > MAX_FILES || self.bytes > MAX_BYTES) {
            let Some(oldest) = self.next() else { break };
            self.client_reports.record(&oldest.content, Reason::CacheOverflow);
            remove(&oldest);
        }
        Ok(())
    }

    /// Takes the oldest envelope; its file stays until [`remove`] takes it away. On the way, torn files are put aside.
    fn next(&mut self) -> Option<EncodedEnvelope> {
        while let Some((path, bytes)) = self.waiting.pop_front() {
            self.bytes -= bytes;
            match folder::read(&path).and_then(EncodedEnvelope::of_gzip) {
                Ok(envelope) => return Some(EncodedEnvelope { file: Some(path), ..envelope }),
                Err(error) => self.put_aside(&path, &error),
            }
        }
        None
    }

    fn put_aside(&mut self, path: &Path, error: &io::Error) {
        tracing::error!(path = %path.display(), %error, "a torn spool file is skipped");
        self.client_reports.record(&TORN_CONTENT, Reason::InternalSdkError);
        self.torn += 1;
        // A file that can be neither renamed nor removed is found, and skipped, again.
        let _ = if self.torn > MAX_TORN {
            fs::remove_file(path)
        } else {
            fs::rename(path, path.with_extension(TORN))
        };
    }

    /// Leaves a client report to the next process, in the room that is taken for it.
    pub(crate) fn carry(&self, report: &EncodedEnvelope) -> bool {
        report.body.len() <= RESERVE && self.lock.write_all_at(&report.body, 0).is_ok()
    }

    fn write(&mut self, encoded: &EncodedEnvelope) -> io::Result<PathBuf> {
        // Names sort by age, also those of several processes.
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.written += 1;
        let name = format!("{nanoseconds:020}-{}-{:06}{ENDING}", std::process::id(), self.written);
        let path = self.folder.join(name);
        folder::write(&path, &encoded.compressed()?)?;
        Ok(path)
    }

    fn add(&mut self, path: PathBuf) -> io::Result<()> {
        let bytes = fs::symlink_metadata(&path)?.len();
        self.bytes += bytes;
        self.waiting.push_back((path, bytes));
        Ok(())
    }
}

impl Drop for Spool {
    /// Gives the folder to the next process at once: a child that was just forked still has the file, too.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// The lock of a folder; `None` where a process has it, or where it is not a folder of ours.
fn take(folder: &Path) -> Option<File> {
    let lock = folder::own(folder).and_then(|()| folder::lock_file(&folder.join("lock")));
    match lock {
        Ok(lock) => lock.try_lock().is_ok().then_some(lock),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "a folder of the spool cannot be used");
            None
        }
    }
}

/// Moves what a process left in its folder to our own.
fn take_over(from: &Path, to: &Path) {
    let moved = folder::files(from, ENDING).and_then(|files| {
        files.iter().try_for_each(|path| fs::rename(path, to.join(path.file_name().unwrap_or_default())))
    });
    if let Err(error) = moved {
        tracing::warn!(folder = %from.display(), %error, "what another process left cannot be taken over");
    }
}

/// Takes over the numbers in a lock's file. Its room is free afterwards, and taken.
fn absorb_carried(lock: &File, client_reports: &ClientReports) {
    let mut room = vec![0; RESERVE];
    let length = lock.read_at(&mut room, 0).unwrap_or(0);
    let end = room.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if length < RESERVE || end > 0 {
        // A full disk has no room to take; then there is none at the end.
        let _ = lock.write_all_at(&[0; RESERVE], 0);
    }
    client_reports.absorb_written(&room[..end]);
}

/// Removes files that a termination or a full disk left unfinished.
fn remove_unfinished(folder: &Path) {
    for path in folder::files(folder, folder::UNFINISHED).unwrap_or_default() {
        let _ = fs::remove_file(path);
    }
}

/// Removes the file of an envelope that is delivered, or discarded and counted.
pub(crate) fn remove(encoded: &EncodedEnvelope) {
    if let Some(path) = &encoded.file
        && let Err(error) = fs::remove_file(path)
    {
        tracing::error!(path = %path.display(), %error, "a spool file cannot be removed and may be sent twice");
    }
}

/// Is this a folder that a spool can be in? Makes it where it is missing.
pub fn check(folder: &Path) -> io::Result<()> {
    folder::create(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    // A process of the same number may have left one, or somebody put a link there.
    let _ = fs::remove_file(&probe);
    File::create_new(&probe)?;
    fs::remove_file(&probe)
}

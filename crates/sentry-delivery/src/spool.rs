//! Errors on disk: what could not be delivered at the end, or in a long outage, is sent when Sentry is back.
//!
//! One gzip file for each envelope, so `zcat` shows it; written under another name first, so a process that dies
//! leaves no half of one. Each process has a folder of its own, locked while it lives; what is in the folder of a
//! process that is gone is taken over by the next one. What is found there is not trusted: see `folder`.

mod folder;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::category::{Category, Quantity};
use crate::envelope::EncodedEnvelope;
use crate::items::items;

/// How much is kept; the oldest goes first.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Torn files that are kept for a look at them.
const MAX_TORN: usize = 16;

/// Processes of one service that can share a spool.
const MAX_PROCESSES: usize = 64;

/// Room in the lock's file that is taken while there is room: on a full disk, the last client report fits in there.
const RESERVE: usize = 8 * 1024;

const ENDING: &str = ".envelope.gz";
const TORN: &str = "torn";

/// Nobody knows what was in a torn file, but it was one error.
pub(crate) const TORN_CONTENT: [Quantity; 1] = [(Category::Error, 1)];

/// A spool that is this process's own.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// Oldest first, without those that are being sent.
    waiting: VecDeque<Entry>,
    bytes: u64,
    written: u64,
    torn: usize,
    lock: File,
    /// Client reports that are to be taken over, from earlier processes or from files that had to go.
    carried: Vec<EncodedEnvelope>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    bytes: u64,
}

impl Spool {
    /// Takes the first folder below `SPOOL/SERVICE` that no living process has, and what others left behind.
    pub(crate) fn open(spool: &Path, service: &str) -> io::Result<Self> {
        let (mut own, mut left) = (None, Vec::new());
        folder::own(&spool.join(service))?;
        for number in 0..MAX_PROCESSES {
            let folder = spool.join(service).join(number.to_string());
            if own.is_some() && !folder.exists() {
                break;
            }
            let Some(lock) = take(&folder) else { continue };
            match &own {
                None => own = Some((folder, lock)),
                Some(_) => left.push((folder, lock)),
            }
        }
        let (folder, lock) = own.ok_or_else(|| io::Error::other("no folder in it can be had"))?;
        let torn = folder::files(&folder, TORN)?.len();
        let mut spool =
            Self { folder, waiting: VecDeque::new(), bytes: 0, written: 0, torn, lock, carried: Vec::new() };
        for (abandoned, lock) in &left {
            spool.carried.extend(carried(lock));
            if let Err(error) = spool.take_over(abandoned) {
                tracing::warn!(folder = %abandoned.display(), %error, "what another process left cannot be taken over");
            }
        }
        spool.carried.extend(carried(&spool.lock));
        remove_unfinished(&spool.folder)?;
        for path in folder::files(&spool.folder, ENDING)? {
            spool.add(path)?;
        }
        Ok(spool)
    }

    fn take_over(&self, abandoned: &Path) -> io::Result<()> {
        remove_unfinished(abandoned)?;
        for path in folder::files(abandoned, ENDING)? {
            fs::rename(&path, self.folder.join(path.file_name().unwrap_or_default()))?;
        }
        Ok(())
    }

    /// Keeps an envelope, on disk already or not; fails where the disk refuses it. Returns what had to go for it.
    pub(crate) fn keep(&mut self, encoded: &EncodedEnvelope) -> io::Result<Vec<Quantity>> {
        let is_there = encoded.file.as_ref().is_some_and(|path| self.add(path.clone()).is_ok());
        if !is_there {
            let path = self.write(encoded)?;
            self.add(path)?;
        }
        let mut forgotten = Vec::new();
        while self.waiting.len() > 1 && (self.waiting.len() > MAX_FILES || self.bytes > MAX_BYTES) {
            match self.next() {
                // Its numbers must not be forgotten.
                Some(Ok(report)) if report.is_report() => self.carried.push(report),
                Some(Ok(oldest)) => {
                    remove(&oldest);
                    forgotten.extend(oldest.content);
                }
                Some(Err(_)) => forgotten.extend(TORN_CONTENT),
                None => break,
            }
        }
        Ok(forgotten)
    }

    /// Takes the oldest envelope; an error is a file that is torn, which has been put aside. Its file stays until
    /// [`remove`] takes it away.
    pub(crate) fn next(&mut self) -> Option<Result<EncodedEnvelope, TornFile>> {
        let entry = self.waiting.pop_front()?;
        self.bytes -= entry.bytes;
        let encoded = folder::read(&entry.path).and_then(EncodedEnvelope::of_gzip);
        Some(match encoded {
            Ok(encoded) => Ok(EncodedEnvelope { file: Some(entry.path), ..encoded }),
            Err(reason) => Err(TornFile { path: self.put_aside(&entry.path), reason }),
        })
    }

    /// The client reports that are to be taken over.
    pub(crate) fn take_carried(&mut self) -> Vec<EncodedEnvelope> {
        std::mem::take(&mut self.carried)
    }

    /// Gives the folder to the next process: nothing may be kept any more.
    pub(crate) fn release(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(folder = %self.folder.display(), %error, "the spool stays locked until this process ends");
        }
    }

    /// Keeps a client report for the next process in room that is taken already.
    pub(crate) fn carry(&self, report: &EncodedEnvelope) -> io::Result<()> {
        let mut room = [0; RESERVE];
        let Some(start) = room.get_mut(..report.body.len()) else {
            return Err(io::Error::other(format!("it is longer than {RESERVE} bytes")));
        };
        start.copy_from_slice(&report.body);
        self.lock.write_all_at(&room, 0)
    }

    fn put_aside(&mut self, path: &Path) -> PathBuf {
        let aside = path.with_extension(TORN);
        self.torn += 1;
        // Where it can be neither renamed nor removed, it will be found, and skipped, again.
        let _ = if self.torn > MAX_TORN { fs::remove_file(path) } else { fs::rename(path, &aside) };
        aside
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
        self.waiting.push_back(Entry { path, bytes });
        Ok(())
    }
}

/// The lock of a folder, if it can be had: a process may have it, or it is not a folder of ours.
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

/// The report in a lock's file, if there is one; the room is free afterwards, and taken.
fn carried(lock: &File) -> Option<EncodedEnvelope> {
    let mut room = vec![0; RESERVE];
    let length = lock.read_at(&mut room, 0).unwrap_or(0);
    if length < RESERVE || room.iter().any(|byte| *byte != 0) {
        // On a full disk there is no room to be had; then there is none at the end.
        let _ = lock.write_all_at(&[0; RESERVE], 0);
    }
    let end = room.iter().rposition(|byte| *byte != 0)? + 1;
    room.truncate(end);
    let is_report = items(&room).all(|(header, _)| header["type"] == "client_report");
    if is_report && items(&room).next().is_some() { EncodedEnvelope::of_bytes(room).ok() } else { None }
}

/// Those whose writing a termination or a full disk has ended.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    folder::files(folder, folder::UNFINISHED)?.iter().try_for_each(fs::remove_file)
}

/// A spool file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} is torn: {reason}", path.display())]
pub(crate) struct TornFile {
    path: PathBuf,
    reason: io::Error,
}

/// Takes an envelope's file away: it is delivered, or lost and counted.
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
    // One that a process of the same number left, or a link that somebody put there.
    let _ = fs::remove_file(&probe);
    File::create_new(&probe)?;
    fs::remove_file(&probe)
}

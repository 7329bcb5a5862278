//! Errors on disk: what could not be delivered at the end, or in a long outage, is sent when Sentry is back.
//!
//! One gzip file for each envelope, so `zcat` shows it; written under another name first, so a process that dies
//! leaves no half of one. Each process has a folder of its own, locked while it lives; what is in the folder of a
//! process that is gone is taken over by the next one.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::letter::Letter;

/// How much is kept; the oldest goes first.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Processes of one service that can share a spool.
const MOST_PROCESSES: usize = 64;

const ENDING: &str = "envelope.gz";

/// A spool that is this process's own.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    /// Oldest first, without those that are being sent.
    waiting: VecDeque<Entry>,
    bytes: u64,
    written: u64,
    /// Holds the lock.
    _lock: File,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    bytes: u64,
}

impl Spool {
    /// Takes the first folder below `SPOOL/SERVICE` that no living process has, and what others left behind.
    pub(super) fn open(spool: &Path, service: &str) -> io::Result<Self> {
        let (mut own, mut left) = (None, Vec::new());
        for number in 0..MOST_PROCESSES {
            let folder = spool.join(service).join(number.to_string());
            if own.is_some() && !folder.exists() {
                break;
            }
            fs::create_dir_all(&folder)?;
            let lock = File::create(folder.join("lock"))?;
            if lock.try_lock().is_err() {
                continue;
            }
            match &own {
                None => own = Some((folder, lock)),
                Some(_) => left.push((folder, lock)),
            }
        }
        let (folder, lock) = own.ok_or_else(|| io::Error::other("too many processes share it"))?;
        for (abandoned, _lock) in &left {
            for path in envelopes(abandoned)? {
                fs::rename(&path, folder.join(path.file_name().unwrap_or_default()))?;
            }
        }
        let mut spool = Self { folder, waiting: VecDeque::new(), bytes: 0, written: 0, _lock: lock };
        for path in envelopes(&spool.folder)? {
            spool.add(path)?;
        }
        Ok(spool)
    }

    /// Keeps a letter, on disk already or not. What had to go for it is returned.
    pub(super) fn keep(&mut self, letter: &Letter) -> io::Result<Vec<Letter>> {
        let path = match &letter.file {
            Some(path) => path.clone(),
            None => self.write(letter)?,
        };
        self.add(path)?;
        let mut forgotten = Vec::new();
        while self.waiting.len() > 1 && (self.waiting.len() > MOST_FILES || self.bytes > MOST_BYTES) {
            if let Some(Ok(oldest)) = self.next() {
                remove(&oldest);
                forgotten.push(oldest);
            }
        }
        Ok(forgotten)
    }

    /// Takes the oldest letter; an error is a file that is torn, which has been put aside. Its file stays until
    /// [`remove`] takes it away.
    pub(super) fn next(&mut self) -> Option<Result<Letter, TornFile>> {
        let entry = self.waiting.pop_front()?;
        self.bytes -= entry.bytes;
        let letter = fs::read(&entry.path).and_then(Letter::of_gzip);
        Some(match letter {
            Ok(letter) => Ok(Letter { file: Some(entry.path), ..letter }),
            Err(reason) => {
                let aside = entry.path.with_extension("torn");
                // Where it cannot be renamed, it will be found, and skipped, again.
                let _ = fs::rename(&entry.path, &aside);
                Err(TornFile { path: aside, reason })
            }
        })
    }

    fn write(&mut self, letter: &Letter) -> io::Result<PathBuf> {
        // Names sort by age, also those of several processes.
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.written += 1;
        let name = format!("{nanoseconds:020}-{}-{:06}", std::process::id(), self.written);
        let unfinished = self.folder.join(format!("{name}.unfinished"));
        let path = self.folder.join(format!("{name}.{ENDING}"));
        fs::write(&unfinished, letter.compressed()?)?;
        fs::rename(&unfinished, &path)?;
        Ok(path)
    }

    fn add(&mut self, path: PathBuf) -> io::Result<()> {
        let bytes = fs::metadata(&path)?.len();
        self.bytes += bytes;
        self.waiting.push_back(Entry { path, bytes });
        Ok(())
    }
}

/// A spool file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} is torn: {reason}", path.display())]
pub(super) struct TornFile {
    path: PathBuf,
    reason: io::Error,
}

/// Takes a letter's file away: it is delivered, or lost and counted.
pub(super) fn remove(letter: &Letter) {
    if let Some(path) = &letter.file
        && let Err(error) = fs::remove_file(path)
    {
        tracing::error!(path = %path.display(), %error, "a spool file cannot be removed and may be sent twice");
    }
}

/// Is this a folder that a spool can be in? Makes it where it is missing.
pub(crate) fn check(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    File::create(&probe)?;
    fs::remove_file(&probe)
}

/// The envelopes in a folder, oldest first.
fn envelopes(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ENDING) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

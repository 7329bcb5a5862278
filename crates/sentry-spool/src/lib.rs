//! A bounded queue of files that outlives its process: for what cannot be handed on now, and must not be lost.
//!
//! ```
//! use sentry_spool::Spool;
//!
//! # let parent = std::env::temp_dir().join(format!("sentry-spool-example-{}", std::process::id()));
//! let mut spool = Spool::open(&parent, ".entry")?.spool;
//! spool.push(b"not delivered yet")?;
//! if let Some((path, entry)) = spool.pop() {
//!     assert_eq!(entry?, b"not delivered yet");
//!     // It stays on disk until it is delivered.
//!     std::fs::remove_file(path)?;
//! }
//! # drop(spool);
//! # std::fs::remove_dir_all(parent)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Each process has a folder of its own and locks it while it runs; the next process takes over what it left. An entry is
//! written under another name first, so a process that is killed leaves no half of one. What is in the folders is not
//! trusted: only regular files of a bounded size are read, and no link is followed.

#![forbid(unsafe_code)]

mod private;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The README's code compiles. Images are built without it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// How much a spool holds: files, and their bytes.
pub const MAX_FILES: usize = 20_000;
/// See [`MAX_FILES`].
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Files put aside that are kept for a look at them; further ones are deleted.
const MAX_TORN: usize = 16;

/// Processes that can share a parent folder.
const MAX_PROCESSES: usize = 64;

/// The longest note. Its room is taken in the lock's file while the disk has some.
pub const MAX_NOTE: usize = 16 * 1024;

/// What the name of a file ends in that was put aside.
const TORN: &str = "torn";

/// The entries of this process, in a folder that it has locked.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    ending: &'static str,
    /// The oldest first, with their bytes, without those that were taken.
    waiting: VecDeque<(PathBuf, u64)>,
    bytes: u64,
    written: u64,
    torn: usize,
    lock: File,
}

/// A spool, and what was found when it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The spool.
    pub spool: Spool,
    /// The notes that processes before have left. They are gone from the disk.
    pub notes: Vec<Vec<u8>>,
    /// Folders that are none of ours, or whose entries could not be taken over.
    pub unusable: Vec<(PathBuf, io::Error)>,
}

impl Spool {
    /// Locks the first folder below `parent` that no running process has, and takes over what is in the others. The
    /// names of entries end in `ending`.
    pub fn open(parent: &Path, ending: &'static str) -> io::Result<Opened> {
        private::own(parent)?;
        let (mut notes, mut unusable) = (Vec::new(), Vec::new());
        let mut own: Option<(PathBuf, File)> = None;
        for number in 0..MAX_PROCESSES {
            let folder = parent.join(number.to_string());
            if own.is_some() && !folder.exists() {
                break;
            }
            let lock = match take(&folder) {
                Ok(Some(lock)) => lock,
                Ok(None) => continue,
                Err(error) => {
                    unusable.push((folder, error));
                    continue;
                }
            };
            notes.extend(take_note(&lock));
            remove_unfinished(&folder);
            match &own {
                None => own = Some((folder, lock)),
                Some((to, _)) => {
                    unusable.extend(take_over(&folder, to, ending).err().map(|error| (folder, error)));
                }
            }
        }
        let (folder, lock) = own.ok_or_else(|| io::Error::other("no folder in it can be had"))?;
        let (paths, torn) = (private::files(&folder, ending)?, private::files(&folder, TORN)?.len());
        let waiting = VecDeque::with_capacity(paths.len());
        let mut spool = Self { folder, ending, waiting, bytes: 0, written: 0, torn, lock };
        paths.into_iter().try_for_each(|path| spool.put_back(path))?;
        Ok(Opened { spool, notes, unusable })
    }

    /// Writes an entry, which is the newest.
    pub fn push(&mut self, entry: &[u8]) -> io::Result<()> {
        // Names sort by age, also those of several processes.
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.written += 1;
        let name = format!("{nanoseconds:020}-{}-{:06}{}", std::process::id(), self.written, self.ending);
        let path = self.folder.join(name);
        private::write(&path, entry)?;
        self.put_back(path)
    }

    /// Takes the oldest entry out of the queue. Its file stays: whoever is done with it removes it.
    pub fn pop(&mut self) -> Option<(PathBuf, io::Result<Vec<u8>>)> {
        let (path, bytes) = self.waiting.pop_front()?;
        self.bytes -= bytes;
        let entry = private::read(&path);
        Some((path, entry))
    }

    /// Puts an entry that was taken back, behind those that wait; an error where its file has gone.
    pub fn put_back(&mut self, path: PathBuf) -> io::Result<()> {
        let bytes = fs::symlink_metadata(&path)?.len();
        self.bytes += bytes;
        self.waiting.push_back((path, bytes));
        Ok(())
    }

    /// Is there more than [`MAX_FILES`] or [`MAX_BYTES`]? One entry is never too much.
    pub fn is_overfull(&self) -> bool {
        self.waiting.len() > 1 && (self.waiting.len() > MAX_FILES || self.bytes > MAX_BYTES)
    }

    /// Renames the file of an entry that cannot be understood, so that it is not found again.
    pub fn put_aside(&mut self, path: &Path) {
        self.torn += 1;
        // A file that can be neither renamed nor removed is found again by the next process.
        let _ = if self.torn > MAX_TORN {
            fs::remove_file(path)
        } else {
            fs::rename(path, path.with_extension(TORN))
        };
    }

    /// Leaves a note of up to [`MAX_NOTE`] bytes to the next process, in the room that is taken for it: it fits on a full
    /// disk, too. It replaces the one before. Zeros at its end are lost.
    pub fn leave_note(&self, note: &[u8]) -> io::Result<()> {
        let mut room = [0; MAX_NOTE];
        let Some(start) = room.get_mut(..note.len()) else {
            return Err(io::Error::other(format!("it is longer than {MAX_NOTE} bytes")));
        };
        start.copy_from_slice(note);
        self.lock.write_all_at(&room, 0)
    }
}

impl Drop for Spool {
    /// Gives the folder to the next process at once: a child that was just forked still has the file, too.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// The lock of a folder; `None` if a process has it.
fn take(folder: &Path) -> io::Result<Option<File>> {
    private::own(folder)?;
    let lock = private::lock_file(&folder.join("lock"))?;
    Ok(lock.try_lock().is_ok().then_some(lock))
}

/// Moves what a process left in its folder to our own.
fn take_over(from: &Path, to: &Path, ending: &str) -> io::Result<()> {
    let files = private::files(from, ending)?;
    files.iter().try_for_each(|path| fs::rename(path, to.join(path.file_name().unwrap_or_default())))
}

/// Takes the note out of a lock's file, whose room is free afterwards, and taken.
fn take_note(lock: &File) -> Option<Vec<u8>> {
    let mut note = vec![0; MAX_NOTE];
    let length = lock.read_at(&mut note, 0).unwrap_or(0);
    note.truncate(note.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    if length < MAX_NOTE || !note.is_empty() {
        // A full disk has no room to take; then there is none at the end.
        let _ = lock.write_all_at(&[0; MAX_NOTE], 0);
    }
    (!note.is_empty()).then_some(note)
}

/// Removes files that a termination or a full disk left unfinished.
fn remove_unfinished(folder: &Path) {
    for path in private::files(folder, private::UNFINISHED).unwrap_or_default() {
        let _ = fs::remove_file(path);
    }
}

/// Is this a folder that a spool can be in? Makes it where it is missing.
pub fn check(folder: &Path) -> io::Result<()> {
    private::create(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    // A process of the same number may have left one, or somebody put a link there.
    let _ = fs::remove_file(&probe);
    File::create_new(&probe)?;
    fs::remove_file(&probe)
}

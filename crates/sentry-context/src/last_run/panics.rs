//! Panics from which an abort may follow: noted in the process's file before it does.
//!
//! A panic while the thread already unwinds, and one where nothing may unwind, end the process at once: no event of
//! theirs is ever delivered. The hook still runs. It keeps each panic until somebody has caught it; once another begins
//! on the same thread, or one that cannot be caught, it writes them all down, and the next start reports them.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::{Deserialize, Serialize};

use super::signals::{millis, thread_id};
use crate::frames::Origin;
use crate::{redaction, size};

/// Where they stand in the file, behind the entry and the signal.
const START: u64 = 2048;

/// Bytes of them in the file at most.
const LENGTH: usize = 48 * 1024;

/// Where they end in the file.
pub(super) const END: u64 = START + 8 + LENGTH as u64;

/// Panics of one thread that are reported: the first, from which the others follow, and the last ones.
const MOST: usize = 4;

/// Bytes of a panic's text, and of its file's name.
const TEXT: usize = 1024;
const PLACE: usize = 256;

/// Return addresses of each.
const DEPTH: usize = 128;

/// How long after them the process has to have ended, milliseconds: they are its cause.
const SOON: u64 = 2_000;

/// How the messages begin that the compiler and the standard library have where nothing may unwind.
const FATAL: [&str; 6] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
    "unsafe precondition(s) violated",
    "misaligned pointer dereference",
    "null pointer dereference occurred",
    "trying to construct an enum from an invalid value",
];

/// Where they are noted, while a run is recorded.
static FILE: Mutex<Weak<File>> = Mutex::new(Weak::new());

thread_local! {
    static IN_FLIGHT: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
}

/// A panic, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Panic {
    pub(super) text: String,
    /// File, line and column.
    pub(super) place: String,
    pub(super) addresses: Vec<u64>,
}

impl Panic {
    /// Does the process end with it?
    pub(super) fn is_fatal(&self) -> bool {
        FATAL.iter().any(|it| self.text.starts_with(it))
    }
}

/// The panics of one thread.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Panics {
    thread: u64,
    at: u64,
    pub(super) panics: Vec<Panic>,
}

/// What becomes of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It goes on, if somebody catches the panic.
    Open,
    /// It aborts, and its next start reports why.
    Reported,
    /// It aborts, and nobody will report it.
    Unreported,
}

/// Notes panics in this file from now on.
pub(super) fn watch(file: &Arc<File>) {
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(file);
}

/// For the hook, first of all.
pub(crate) fn note(text: &str, place: Option<&Location<'_>>, origin: &Origin) -> Outlook {
    let panic = Panic {
        // A secret must be seen whole to be known as one.
        text: cut(text, TEXT + size::WINDOW).to_owned(),
        place: cut(&place.map(ToString::to_string).unwrap_or_default(), PLACE).to_owned(),
        addresses: origin.addresses().iter().copied().take(DEPTH).collect(),
    };
    let (fatal, mut panic) = (panic.is_fatal(), Some(panic));
    let in_flight = IN_FLIGHT.try_with(|panics| {
        let mut panics = panics.try_borrow_mut().ok()?;
        if panics.len() == MOST {
            panics.remove(1);
        }
        panics.extend(panic.take());
        (fatal || panics.len() > 1).then(|| panics.clone())
    });
    // Where the thread's own data is gone, so is its runtime: nothing catches a panic there.
    let panics = in_flight.unwrap_or_else(|_| Some(panic.take().into_iter().collect()));
    let written = panics.is_some_and(|panics| write(panics).is_ok());
    match fatal {
        false => Outlook::Open,
        true if written => Outlook::Reported,
        true => Outlook::Unreported,
    }
}

/// Somebody has caught what this thread panicked with; for code that runs while nothing unwinds.
pub(crate) fn caught() {
    if !std::thread::panicking() {
        let _ = IN_FLIGHT.try_with(|panics| {
            if let Ok(mut panics) = panics.try_borrow_mut() {
                panics.clear();
            }
        });
    }
}

fn write(mut panics: Vec<Panic>) -> io::Result<()> {
    let file = FILE.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    let file = file.ok_or(io::ErrorKind::NotFound)?;
    for panic in &mut panics {
        redaction::text(&mut panic.text);
        size::cut(&mut panic.text, TEXT);
    }
    file.write_all_at(&Panics { thread: thread_id(), at: millis(), panics }.bytes()?, START)
}

impl Panics {
    /// Behind their length: what stood there before may have been longer.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        let json = serde_json::to_vec(self)?;
        if json.len() > LENGTH {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
    }

    /// What the file says of them; `None` where it says nothing, or nothing that was written here.
    pub(super) fn read(file: &File) -> Option<Self> {
        let mut length = [0; 8];
        file.read_exact_at(&mut length, START).ok()?;
        let length = usize::try_from(u64::from_le_bytes(length)).ok().filter(|it| *it <= LENGTH)?;
        let mut json = vec![0; length];
        file.read_exact_at(&mut json, START + 8).ok()?;
        let read: Self = serde_json::from_slice(&json).ok()?;
        (read.panics.len() <= MOST).then_some(read)
    }

    /// Did this thread abort because of them, at that time?
    pub(super) fn ended(&self, thread: u64, at: u64) -> bool {
        self.thread == thread && at.checked_sub(self.at).is_some_and(|later| later <= SOON)
    }
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str) -> File {
        let path = std::env::temp_dir().join(format!("panics-{name}-{}", std::process::id()));
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    fn panic(text: &str) -> Panic {
        Panic { text: text.to_owned(), place: "\u{1}".repeat(PLACE), addresses: vec![u64::MAX; DEPTH] }
    }

    #[test]
    fn the_longest_panics_that_are_noted_fit_and_are_read_back() {
        let file = file("long");
        let panics = Panics { thread: 7, at: 1_000, panics: vec![panic(&"\u{1}".repeat(TEXT)); MOST] };
        file.write_all_at(&panics.bytes().unwrap(), START).unwrap();
        assert_eq!(Panics::read(&file).as_ref(), Some(&panics));
        // What is shorter does not end in what was there before.
        let short = Panics { thread: 7, at: 1_000, panics: vec![panic("short")] };
        file.write_all_at(&short.bytes().unwrap(), START).unwrap();
        assert_eq!(Panics::read(&file), Some(short));
    }

    #[test]
    fn only_an_abort_of_the_same_thread_soon_after_is_theirs() {
        let panics = Panics { thread: 7, at: 1_000, panics: Vec::new() };
        assert!(panics.ended(7, 1_000) && panics.ended(7, 1_000 + SOON));
        assert!(!panics.ended(8, 1_000) && !panics.ended(7, 999) && !panics.ended(7, 1_001 + SOON));
    }

    proptest! {
        #[test]
        fn fuzz_a_file_of_any_content_is_read_without_a_panic(
            length in prop_oneof![any::<u64>(), 0..200_u64],
            content in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let file = file("fuzz");
            file.write_all_at(&length.to_le_bytes(), START).unwrap();
            file.write_all_at(&content, START + 8).unwrap();
            prop_assert!(Panics::read(&file).is_none());
        }
    }
}

//! Panics from which an abort follows: written to the file of the run before it aborts.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sentry_context::platform::Panic;
use serde::{Deserialize, Serialize};

use super::{layout, now};

/// How long after them the process has to have ended, milliseconds: they are its cause.
const SOON: u64 = 2_000;

/// Where they are written, while a run is recorded.
static FILE: Mutex<Weak<File>> = Mutex::new(Weak::new());

/// The panics of one thread.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Panics {
    thread: u64,
    at: u64,
    pub(super) panics: Vec<Panic>,
}

/// Notes panics in this file from now on.
pub(super) fn watch(file: &Arc<File>) {
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(file);
}

/// Writes the panics of the calling thread over those that were written before.
pub(super) fn write(panics: &[Panic]) -> io::Result<()> {
    let file = FILE.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    let file = file.ok_or(io::ErrorKind::NotFound)?;
    let panics = Panics { thread: now::thread_id(), at: now::millis(), panics: panics.to_vec() };
    file.write_all_at(&panics.bytes()?, layout::PANICS)
}

impl Panics {
    /// Behind their length: what stood there before may have been longer.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        let json = serde_json::to_vec(self)?;
        if json.len() > layout::MOST_OF_PANICS {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
    }

    /// What the file says of them; `None` if it says nothing, or nothing that was written here.
    pub(super) fn read(file: &File) -> Option<Self> {
        let mut length = [0; 8];
        file.read_exact_at(&mut length, layout::PANICS).ok()?;
        let length =
            usize::try_from(u64::from_le_bytes(length)).ok().filter(|it| *it <= layout::MOST_OF_PANICS)?;
        let mut json = vec![0; length];
        file.read_exact_at(&mut json, layout::PANICS + 8).ok()?;
        let read: Self = serde_json::from_slice(&json).ok()?;
        (read.panics.len() <= Panic::MOST).then_some(read)
    }

    /// Did this thread abort because of them, at that time?
    pub(super) fn ended(&self, thread: u64, at: u64) -> bool {
        self.thread == thread && at.checked_sub(self.at).is_some_and(|later| later <= SOON)
    }
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
        Panic {
            text: text.to_owned(),
            place: "\u{1}".repeat(Panic::PLACE),
            addresses: vec![u64::MAX; Panic::DEPTH],
        }
    }

    #[test]
    fn the_longest_panics_that_are_noted_fit_and_are_read_back() {
        let file = file("long");
        let panics =
            Panics { thread: 7, at: 1_000, panics: vec![panic(&"\u{1}".repeat(Panic::TEXT)); Panic::MOST] };
        file.write_all_at(&panics.bytes().unwrap(), layout::PANICS).unwrap();
        assert_eq!(Panics::read(&file).as_ref(), Some(&panics));
        // What is shorter does not end in what was there before.
        let short = Panics { thread: 7, at: 1_000, panics: vec![panic("short")] };
        file.write_all_at(&short.bytes().unwrap(), layout::PANICS).unwrap();
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
            file.write_all_at(&length.to_le_bytes(), layout::PANICS).unwrap();
            file.write_all_at(&content, layout::PANICS + 8).unwrap();
            prop_assert!(Panics::read(&file).is_none());
        }
    }
}

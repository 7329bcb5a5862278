//! Where a program is in memory, so that the next process finds the same places in its own.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::linux::stack::maps::Maps;

/// A program's file as it is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Image {
    start: u64,
    end: u64,
    /// What distinguishes the file from another version of it: its length, and when it was written.
    file: (u64, i64, i64),
}

impl Image {
    /// This process's.
    pub(super) fn own() -> Option<Self> {
        const PROGRAM: &str = "/proc/self/exe";
        let (path, file) = (fs::read_link(PROGRAM).ok()?, fs::metadata(PROGRAM).ok()?);
        let maps = Maps::own();
        let module = maps.modules().iter().find(|it| path.to_str() == Some(&it.path))?;
        let file = (file.len(), file.mtime(), file.mtime_nsec());
        Some(Self { start: module.range.start, end: module.range.end, file })
    }

    /// The same places in another process, if that runs the same file; others have no name there.
    pub(super) fn translated(&self, addresses: &[u64], to: &Self) -> Vec<u64> {
        if self.file != to.file {
            return Vec::new();
        }
        let inside = addresses.iter().filter(|it| (self.start..self.end).contains(it));
        inside.map(|it| to.start.saturating_add(it - self.start)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_in_the_same_program_only() {
        let image = |start, length| Image { start, end: start + 100, file: (length, 0, 0) };
        assert_eq!(image(1_000, 5).translated(&[1_001, 999, 1_100], &image(7_000, 5)), [7_001]);
        assert_eq!(image(1_000, 5).translated(&[1_001], &image(7_000, 6)), Vec::<u64>::new());
        let own = Image::own().unwrap();
        let here = Image::own as *const () as u64;
        assert_eq!(own.translated(&[here], &own), [here]);
    }
}

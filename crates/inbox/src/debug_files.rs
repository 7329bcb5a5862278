//! Debug files as `sentry-cli` uploads them, in chunks. Nothing here reads them: which there are is kept, their content is
//! not.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::text::{SHORT, clip};
use crate::timestamp;

/// Longest chunk, bytes: a power of two, as `sentry-cli` wants it.
pub(crate) const MAX_CHUNK: usize = 1024 * 1024;

/// Longest file, bytes, and so most chunks of a file.
pub(crate) const MAX_FILE: usize = 512 * 1024 * 1024;
const MAX_CHUNKS: usize = MAX_FILE / MAX_CHUNK;

/// Most chunks that are known: the one that came first is forgotten, and has to come again.
const MAX_KNOWN: usize = 16 * MAX_CHUNKS;

/// Most files that are kept: the one that came first goes first.
const MAX_FILES: usize = 200;

/// A debug file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DebugFile {
    /// Its name.
    pub name: String,
    /// By which events name it in `debug_meta`.
    pub debug_id: Option<String>,
    /// The project that it is for.
    pub project: String,
    /// The SHA-1 of its content, by what the client says.
    pub sha1: String,
    /// How long it is.
    pub bytes: u64,
    /// When it was complete, seconds since 1970.
    pub uploaded_at: f64,
}

/// What a client wants to have made of chunks.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    name: String,
    debug_id: Option<String>,
    chunks: Vec<String>,
}

/// What became of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Assembled {
    /// These chunks have not come.
    Missing(Vec<String>),
    Whole(DebugFile),
    Refused(&'static str),
}

/// All that are held, the one that came first first.
#[derive(Debug, Default)]
pub(crate) struct DebugFiles {
    files: VecDeque<DebugFile>,
    /// How long each chunk is, by its SHA-1.
    chunks: HashMap<String, u64>,
    /// The same names in the order of their arrival.
    arrived: VecDeque<String>,
}

impl DebugFiles {
    /// The one that came last first.
    pub(crate) fn newest_first(&self) -> Vec<DebugFile> {
        self.files.iter().rev().cloned().collect()
    }

    /// Takes note of a chunk whose name [is a SHA-1](is_sha1).
    pub(crate) fn arrived(&mut self, name: &str, length: usize) {
        if self.chunks.insert(name.to_owned(), length as u64).is_some() {
            return;
        }
        self.arrived.push_back(name.to_owned());
        if self.arrived.len() > MAX_KNOWN
            && let Some(first) = self.arrived.pop_front()
        {
            self.chunks.remove(&first);
        }
    }

    /// A file of chunks that have come.
    pub(crate) fn assemble(&mut self, project: &str, sha1: &str, wanted: &Wanted) -> Assembled {
        if !is_sha1(sha1) || !wanted.chunks.iter().all(|it| is_sha1(it)) {
            return Assembled::Refused("files and chunks are named by their SHA-1");
        }
        if wanted.chunks.len() > MAX_CHUNKS {
            return Assembled::Refused("the file has too many chunks");
        }
        let missing: Vec<_> =
            wanted.chunks.iter().filter(|it| !self.chunks.contains_key(*it)).cloned().collect();
        if !missing.is_empty() {
            return Assembled::Missing(missing);
        }
        let file = DebugFile {
            name: clip(&wanted.name, SHORT),
            debug_id: wanted.debug_id.as_deref().map(|id| clip(id, SHORT)),
            project: clip(project, SHORT),
            sha1: sha1.to_owned(),
            bytes: wanted.chunks.iter().filter_map(|it| self.chunks.get(it)).sum(),
            uploaded_at: timestamp::now(),
        };
        self.files.retain(|held| (&held.sha1, &held.project) != (&file.sha1, &file.project));
        if self.files.len() == MAX_FILES {
            self.files.pop_front();
        }
        self.files.push_back(file.clone());
        Assembled::Whole(file)
    }
}

/// Whether it is one as `sentry-cli` writes it.
pub(crate) fn is_sha1(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn sha1(number: usize) -> String {
        format!("{number:040x}")
    }

    fn wanted(chunks: impl IntoIterator<Item = usize>) -> Wanted {
        Wanted { name: "shop".to_owned(), debug_id: None, chunks: chunks.into_iter().map(sha1).collect() }
    }

    #[test]
    fn a_file_is_whole_once_all_of_its_chunks_have_come() {
        let mut files = DebugFiles::default();
        assert_eq!(
            files.assemble("1", &sha1(0), &wanted([1, 2])),
            Assembled::Missing(vec![sha1(1), sha1(2)])
        );
        files.arrived(&sha1(2), 7);
        assert_eq!(files.assemble("1", &sha1(0), &wanted([1, 2])), Assembled::Missing(vec![sha1(1)]));
        files.arrived(&sha1(1), 5);
        for _ in 0..2 {
            let Assembled::Whole(file) = files.assemble("1", &sha1(0), &wanted([1, 2])) else {
                panic!("all have come")
            };
            assert_eq!((file.bytes, file.project.as_str()), (12, "1"));
        }
        assert_eq!(files.newest_first().len(), 1, "the same file again is no other");
    }

    #[test]
    fn names_chunks_and_files_are_bounded() {
        let mut files = DebugFiles::default();
        for bad in ["", "x", &"g".repeat(40), &"A".repeat(40), &"a".repeat(41)] {
            assert!(matches!(files.assemble("1", bad, &wanted([])), Assembled::Refused(_)), "{bad}");
        }
        let many = wanted(0..=MAX_CHUNKS);
        assert!(matches!(files.assemble("1", &sha1(0), &many), Assembled::Refused(_)));
        for number in 0..=MAX_KNOWN {
            files.arrived(&sha1(number), 1);
        }
        assert_eq!((files.chunks.len(), files.arrived.len()), (MAX_KNOWN, MAX_KNOWN));
        assert_eq!(
            files.assemble("1", &sha1(0), &wanted([0, 1])),
            Assembled::Missing(vec![sha1(0)]),
            "the first one is forgotten"
        );
        for number in 0..=MAX_FILES {
            files.assemble("1", &sha1(number), &wanted([1]));
        }
        let held = files.newest_first();
        assert_eq!((held.len(), &held[0].sha1), (MAX_FILES, &sha1(MAX_FILES)));
    }

    proptest! {
        #[test]
        fn fuzz_any_chunks_make_a_file_or_a_list_of_what_is_missing(
            came in vec(("[0-9a-f]{40}|.{0,50}", 0..MAX_CHUNK), 0..20),
            also in vec("[0-9a-f]{40}|.{0,50}", 0..5),
            name in ".{0,300}",
        ) {
            let mut files = DebugFiles::default();
            let came: Vec<_> = came.into_iter().filter(|(name, _)| is_sha1(name)).collect();
            came.iter().for_each(|(name, length)| files.arrived(name, *length));
            let chunks: Vec<_> = came.iter().map(|(name, _)| name.clone()).chain(also.clone()).collect();
            let wanted = Wanted { name, debug_id: None, chunks };
            match files.assemble("1", &sha1(0), &wanted) {
                Assembled::Whole(file) => prop_assert!(also.iter().all(|it| files.chunks.contains_key(it)) && file.name.len() <= SHORT),
                Assembled::Missing(missing) => prop_assert!(missing.iter().all(|it| also.contains(it))),
                Assembled::Refused(_) => prop_assert!(also.iter().any(|it| !is_sha1(it))),
            }
        }
    }
}

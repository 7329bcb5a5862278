//! Files of this repository that are made, in whole or in part, from declarations in the code.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file as it should be.
#[derive(Debug)]
pub struct File {
    /// Its path below the root of the repository.
    pub path: String,
    /// Its text in the working tree.
    pub before: String,
    /// Its text by the declarations.
    pub after: String,
}

/// A file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Its path.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// It does not have both markers, in their order.
    #[error("{path} has no lines {} and {}", markers[0], markers[1])]
    Markers {
        /// Its path.
        path: String,
        /// What stands before and after the part that is made.
        markers: [&'static str; 2],
    },
}

impl File {
    /// A document whose part between the markers is this text.
    pub fn with_part(
        root: &Path,
        path: &str,
        markers: [&'static str; 2],
        text: &str,
    ) -> Result<Self, FileError> {
        let before = read(root, path)?;
        let [start, end] = markers;
        let parts = before.split_once(start).and_then(|(head, rest)| Some((head, rest.split_once(end)?.1)));
        let path = path.to_owned();
        let Some((head, tail)) = parts else { return Err(FileError::Markers { path, markers }) };
        let after = format!("{head}{start}\n{text}{end}{tail}");
        Ok(Self { path, before, after })
    }
}

/// Reads a file of the repository.
pub fn read(root: &Path, path: &str) -> Result<String, FileError> {
    fs::read_to_string(root.join(path)).map_err(|source| FileError::Io { path: path.to_owned(), source })
}

/// Writes the files that differ, and returns their paths.
pub fn write(root: &Path, files: Vec<File>) -> Result<Vec<String>, FileError> {
    let stale: Vec<_> = files.into_iter().filter(|file| file.before != file.after).collect();
    for File { path, after, .. } in &stale {
        fs::write(root.join(path), after).map_err(|source| FileError::Io { path: path.clone(), source })?;
    }
    Ok(stale.into_iter().map(|file| file.path).collect())
}

/// The root of the repository that this program was built from.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

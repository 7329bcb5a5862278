//! The files that are made from the declarations, in this repository.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sentry_context::{client, logs};

use super::{MARKERS, example, table};
use crate::services::SERVICES;

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
    #[error("{path} has no lines {} and {}", MARKERS[0], MARKERS[1])]
    Markers {
        /// Its path.
        path: String,
    },
}

/// Every file, as the repository at this root has it and as it should be.
pub fn files(root: &Path) -> Result<Vec<File>, FileError> {
    let compose = read(root, "docker-compose.yml")?;
    let before = read(root, ".env.example")?;
    let mut files = vec![File { path: ".env.example".to_owned(), before, after: example(&compose) }];
    for service in &SERVICES {
        files.push(readme(root, service.name, &table(&(service.variables)()))?);
    }
    let of_context = [&client::VARIABLES[..], &logs::VARIABLES].concat();
    files.push(readme(root, "crates/sentry-context", &table(&of_context))?);
    Ok(files)
}

/// Writes the files that differ, and returns their paths.
pub fn write(root: &Path) -> Result<Vec<String>, FileError> {
    let stale: Vec<_> = files(root)?.into_iter().filter(|file| file.before != file.after).collect();
    for File { path, after, .. } in &stale {
        fs::write(root.join(path), after).map_err(|source| FileError::Io { path: path.clone(), source })?;
    }
    Ok(stale.into_iter().map(|file| file.path).collect())
}

/// The root of the repository that this program was built from.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn readme(root: &Path, folder: &str, table: &str) -> Result<File, FileError> {
    let path = format!("{folder}/README.md");
    let before = read(root, &path)?;
    let [start, end] = MARKERS;
    let parts = before.split_once(start).and_then(|(head, rest)| Some((head, rest.split_once(end)?.1)));
    let Some((head, tail)) = parts else { return Err(FileError::Markers { path }) };
    let after = format!("{head}{start}\n{table}{end}{tail}");
    Ok(File { path, before, after })
}

fn read(root: &Path, path: &str) -> Result<String, FileError> {
    fs::read_to_string(root.join(path)).map_err(|source| FileError::Io { path: path.to_owned(), source })
}

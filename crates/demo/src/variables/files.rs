//! The files that are made from the declarations of variables, in this repository.

use std::path::Path;

use sentry_context::{client, logs};

use super::{MARKERS, example, table};
use crate::generated::{File, FileError, read};
use crate::services::SERVICES;

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

fn readme(root: &Path, folder: &str, table: &str) -> Result<File, FileError> {
    File::with_part(root, &format!("{folder}/README.md"), MARKERS, table)
}

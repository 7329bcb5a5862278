//! The file that `FINGERPRINT_RULES` names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes of the longest file.
const LONGEST: u64 = 1024 * 1024;

/// What the variable may name.
pub(super) const ALLOWED: &str = "a readable file of at most 1 MiB in UTF-8";

/// Reads the file. A pipe, a device or a folder is none: it may have no end, or never begin.
pub(super) fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("this is no regular file"));
    }
    let mut text = String::new();
    // It may grow, or become another one, meanwhile.
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

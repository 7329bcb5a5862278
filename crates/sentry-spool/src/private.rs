//! Folders and files that nobody else can read, change or replace: modes 0700 and 0600, no links followed, only regular
//! files of a bounded size read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest file that is written or read.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;

/// Entries of a folder that are examined. A folder with more contains other files than ours.
const MAX_ENTRIES: usize = 100_000;

/// Makes a folder, and its parents, if they are missing.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder of our own, or takes over an existing one. A link is refused, and so is a folder of another user: only
/// the owner can change its mode.
pub(crate) fn own(folder: &Path) -> io::Result<()> {
    create(folder)?;
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::Error::other(format!("{} is a link", folder.display())));
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Opens the file that a process locks while it uses the folder.
pub(crate) fn lock_file(path: &Path) -> io::Result<File> {
    let file = options().read(true).write(true).create(true).truncate(false).open(path)?;
    regular(&file)?;
    Ok(file)
}

/// Writes a file under another name and renames it, so a reader never finds half of it. Nothing remains if that fails.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    let unfinished = path.with_extension(UNFINISHED);
    let written = options().write(true).create_new(true).open(&unfinished).and_then(|mut file| {
        io::Write::write_all(&mut file, bytes)?;
        fs::rename(&unfinished, path)
    });
    written.inspect_err(|_| drop(fs::remove_file(&unfinished)))
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = options().read(true).open(path)?;
    regular(&file)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// The regular files with this ending, sorted by name. Links, pipes, sockets, devices and folders are skipped.
pub(crate) fn files(folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().ends_with(ending);
        if is_ours && entry.file_type().is_ok_and(|ty| ty.is_file()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The ending of a file that is not finished.
pub(crate) const UNFINISHED: &str = "unfinished";

/// Options that never follow a link, and never wait for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

fn regular(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { Ok(()) } else { Err(io::Error::other("it is no regular file")) }
}

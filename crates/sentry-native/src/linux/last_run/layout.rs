//! Where each field is in the file of a run.

/// Bytes of the entry at the start; what it does not need is blank.
pub(super) const ENTRY: usize = 1024;

/// Where the signal stands, right behind the entry.
pub(super) const TERMINATION: u64 = ENTRY as u64;

/// Where the panics stand: their length, then as much.
pub(super) const PANICS: u64 = 2048;

/// Most bytes of the panics.
pub(super) const MOST_OF_PANICS: usize = 48 * 1024;

/// Most bytes of a file.
pub(super) const LONGEST: u64 = PANICS + 8 + MOST_OF_PANICS as u64;

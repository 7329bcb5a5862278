//! No child process crashes here.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use sentry_context::report::{Reportable, Traced};

/// Why no native crash is reported; `None` if they are.
pub const UNAVAILABLE: Option<&str> = Some("the stack of a native crash is read on Linux only");

/// Is this process one that is to crash? Never: none is started.
pub fn is_crash_child() -> bool {
    false
}

/// Ends the process without a crash.
pub fn crash(_work: fn()) -> ! {
    std::process::exit(1)
}

/// Starts no child.
#[derive(Debug)]
pub struct CrashChild(());

impl CrashChild {
    /// As on Linux, without the child.
    pub fn this_program() -> Self {
        Self(())
    }

    /// As on Linux, without the child.
    pub fn program(_program: impl Into<PathBuf>, _arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self(())
    }

    /// Fails at once.
    pub async fn crash(&self) -> Result<Traced<NativeCrash>, CrashChildFailed> {
        Err(CrashChildFailed::Unavailable)
    }
}

/// A native crash that cannot be: there is no value of this type.
#[derive(Debug)]
pub enum NativeCrash {}

impl fmt::Display for NativeCrash {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for NativeCrash {}

impl Reportable for NativeCrash {
    fn type_name(&self) -> &'static str {
        match *self {}
    }
}

/// No native crash came about.
#[derive(Debug, thiserror::Error)]
pub enum CrashChildFailed {
    /// The platform has no support for it.
    #[error("native crashes are not available on this platform")]
    Unavailable,
}

impl Reportable for CrashChildFailed {
    fn type_name(&self) -> &'static str {
        "CrashChildError"
    }

    fn status(&self) -> u16 {
        501
    }
}

//! A native crash that is real, and leaves the service alive: a child process crashes.
//!
//! The child is this very program once more ([`CrashChild`]). It crashes in [`crash`]; its signal handler
//! hands registers and stack to the parent through a pipe, and then the signal ends it, as it would have without a
//! handler. The parent unwinds the stack, finds the same places in its own memory, and reports a [`NativeCrash`] with the
//! frames of the child.
//!
//! ```no_run
//! # use sentry_native::native_crash::{self, CrashChild, NativeCrash, CrashChildFailed};
//! # use sentry_context::report::Traced;
//! # fn endless() {}
//! // First of all in `main`, before anything else is started:
//! if native_crash::is_crash_child() {
//!     native_crash::crash(endless);
//! }
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let crash_child = CrashChild::this_program();
//! let crash: Traced<NativeCrash> = crash_child.crash().await?;
//! # Ok(()) }
//! ```

mod child;
mod event;
mod record;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sentry_context::report::Traced;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use child::crash;
pub use event::{CrashChildFailed, NativeCrash};
use record::Record;

/// Why no native crash is reported; `None` if they are.
pub const UNAVAILABLE: Option<&str> = None;

/// Set in the environment of a child that is to crash.
const MARK: &str = "SENTRY_NATIVE_CRASH_CHILD";

/// How long a child may run. It crashes within milliseconds.
const LIFETIME: Duration = Duration::from_secs(10);

/// Children that live at the same time; further ones wait for their turn.
const AT_ONCE: usize = 4;

/// Is this process one that is to crash?
pub fn is_crash_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// A program that crashes on demand.
#[derive(Debug)]
pub struct CrashChild {
    program: PathBuf,
    arguments: Vec<OsString>,
    turns: Semaphore,
}

impl CrashChild {
    /// This program with its own arguments; its `main` has to look for [`is_crash_child`] first of all.
    pub fn this_program() -> Self {
        // The link stays right when the file is replaced by a newer one.
        Self::program("/proc/self/exe", std::env::args_os().skip(1))
    }

    /// Another program that does so. Where it is not this one, its functions have no names.
    pub fn program(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let arguments = arguments.into_iter().collect();
        Self { program: program.into(), arguments, turns: Semaphore::new(AT_ONCE) }
    }

    /// Starts a child, waits for its termination, and reports it. Leaves neither process nor file behind.
    pub async fn crash(&self) -> Result<Traced<NativeCrash>, CrashChildFailed> {
        let _turn = self.turns.acquire().await.map_err(|_| CrashChildFailed::NoTurn)?;
        let mut child = self.start().map_err(CrashChildFailed::NotStarted)?;
        // Open until it has crashed: programs may end with their stdin.
        let _stdin = child.stdin.take();
        let crashes = async {
            let mut reported = Vec::new();
            if let Some(mut stdout) = child.stdout.take() {
                // The pipe of a program that writes more breaks.
                (&mut stdout).take(record::LONGEST).read_to_end(&mut reported).await?;
            }
            Ok((reported, child.wait().await?))
        };
        let (reported, status) = match timeout(LIFETIME, crashes).await {
            Ok(crashed) => crashed.map_err(CrashChildFailed::NotStarted)?,
            // Dropping it kills it, and the runtime waits for what is left.
            Err(_) => return Err(CrashChildFailed::TimedOut(LIFETIME)),
        };
        let signal = status.signal().ok_or(CrashChildFailed::Survived(status))?;
        let record = Record::read(&reported).ok_or(CrashChildFailed::Silent { signal })?;
        // Thousands of frames, and tables from a file: nothing for a worker.
        tokio::task::spawn_blocking(move || NativeCrash::of(&record, signal))
            .await
            .map_err(|_| CrashChildFailed::NoTurn)
    }

    fn start(&self) -> std::io::Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .env(MARK, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

//! A native crash that is real, and leaves the service alive: a sacrificed child process dies of it.
//!
//! The child is this very program once more ([`Sacrifice`]). It runs into its fate in [`perish`]; its signal handler
//! hands registers and stack to the parent through a pipe, and then the signal ends it, as it would have without a
//! handler. The parent unwinds the stack, finds the same places in its own memory, and has a [`NativeCrash`] with the
//! frames of a process that is gone.
//!
//! ```no_run
//! # use sentry_context::native_crash::{self, Sacrifice, NativeCrash, SacrificeFailed};
//! # use sentry_context::report::Traced;
//! # fn endless() {}
//! // First of all in `main`, before anything else is started:
//! if native_crash::is_sacrifice() {
//!     native_crash::perish(endless);
//! }
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let sacrifice = Sacrifice::this_program();
//! let crash: Traced<NativeCrash> = sacrifice.offer().await?;
//! # Ok(()) }
//! ```

mod child;
mod record;
mod told;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::report::Traced;

pub use child::perish;
use record::Record;
pub(crate) use told::{Fault, signal_name, signal_reason};
pub use told::{NativeCrash, SacrificeFailed};

/// Set in the environment of a child that is to die.
const MARK: &str = "SENTRY_CONTEXT_SACRIFICE";

/// How long a child may live. It dies within milliseconds.
const LIFETIME: Duration = Duration::from_secs(10);

/// Children that live at the same time; further ones wait for their turn.
const AT_ONCE: usize = 4;

/// Is this process one that is to die?
pub fn is_sacrifice() -> bool {
    std::env::var_os(MARK).is_some()
}

/// A program that dies when it is asked to.
#[derive(Debug)]
pub struct Sacrifice {
    program: PathBuf,
    arguments: Vec<OsString>,
    turns: Semaphore,
}

impl Sacrifice {
    /// This program with its own arguments; its `main` has to look for [`is_sacrifice`] first of all.
    pub fn this_program() -> Self {
        // The link stays right when the file is replaced by a newer one.
        Self::program("/proc/self/exe", std::env::args_os().skip(1))
    }

    /// Another program that does so. Where it is not this one, its functions have no names.
    pub fn program(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let arguments = arguments.into_iter().collect();
        Self { program: program.into(), arguments, turns: Semaphore::new(AT_ONCE) }
    }

    /// Starts a child, waits for its death, and tells of it. Leaves neither process nor file behind.
    pub async fn offer(&self) -> Result<Traced<NativeCrash>, SacrificeFailed> {
        let _turn = self.turns.acquire().await.map_err(|_| SacrificeFailed::NoTurn)?;
        let mut child = self.start().map_err(SacrificeFailed::NotStarted)?;
        // Open until it is dead: programs may end with their stdin.
        let _stdin = child.stdin.take();
        let dies = async {
            let mut told = Vec::new();
            if let Some(mut stdout) = child.stdout.take() {
                // A program that says more is none of ours: it gets a broken pipe.
                (&mut stdout).take(record::LONGEST).read_to_end(&mut told).await?;
            }
            Ok((told, child.wait().await?))
        };
        let (told, status) = match timeout(LIFETIME, dies).await {
            Ok(died) => died.map_err(SacrificeFailed::NotStarted)?,
            // Dropping it kills it, and the runtime waits for what is left.
            Err(_) => return Err(SacrificeFailed::Lives(LIFETIME)),
        };
        let signal = status.signal().ok_or(SacrificeFailed::Survived(status))?;
        let record = Record::read(&told).ok_or(SacrificeFailed::Silent { signal })?;
        // Thousands of frames, and tables from a file: nothing for a worker.
        tokio::task::spawn_blocking(move || record.crash(signal)).await.map_err(|_| SacrificeFailed::NoTurn)
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

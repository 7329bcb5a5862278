//! One child process: this very binary, serving one service.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sentry_context::process::{DELIVERY, GRACE};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Deployment;
use super::output_tail::OutputTail;
use crate::ports::Port;
use crate::services::Service;

/// How long a child may take after SIGTERM: it ends by itself after its grace and its delivery, a moment later on a busy
/// machine. Killed before, it would lose what it has for Sentry.
const STOP_LIMIT: Duration = GRACE.saturating_add(DELIVERY).saturating_add(Duration::from_secs(5));

/// What to start.
#[derive(Debug)]
pub struct Launch {
    /// The service.
    pub service: &'static Service,
    /// Its loopback port, which is its own over all its runs.
    pub port: Port,
    /// Where its events go.
    pub dsn: String,
    /// Further variables of its environment.
    pub environment: Vec<(&'static str, String)>,
    /// Whether its log lines are shown, not only kept for its obituary.
    pub show_log: bool,
    /// This very binary. Its path is asked for once: while it is built anew, the running one has none.
    pub program: PathBuf,
    /// For how long it may not answer before it counts as frozen.
    pub frozen_after: Duration,
}

impl Launch {
    /// Where it will serve.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }
}

/// A running child.
pub(super) struct Process {
    child: Child,
    /// Its lifeline: closed when this process is gone, whatever ends it.
    _stdin: Option<ChildStdin>,
    output_tail: OutputTail,
}

impl Process {
    pub(super) fn start(launch: &Launch, deployment: &Deployment) -> io::Result<Self> {
        let mut child = Command::new(&launch.program)
            .args(["serve", launch.service.name])
            .env("HOST", "127.0.0.1")
            .env("PORT", launch.port.number().to_string())
            .env("SENTRY_DSN", &launch.dsn)
            .env("NO_PROXY", without_loopback())
            .envs(launch.environment.iter().chain(&deployment.environment).map(|(name, value)| (name, value)))
            // What it writes ends in our own lines, which may go anywhere.
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Out of the terminal's group: Ctrl-C comes here, and from here as SIGTERM to each, once.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let output_tail = OutputTail::listen(&mut child, launch);
        Ok(Self { _stdin: child.stdin.take(), child, output_tail })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    pub(super) async fn output_tail(&mut self) -> Vec<String> {
        self.output_tail.all().await
    }

    /// Ends it at once: a frozen process heeds nothing else.
    pub(super) async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.start_kill()?;
        self.child.wait().await
    }

    /// Ends it with SIGTERM, which it gets again each time that `asked` changes, and with SIGKILL after [`STOP_LIMIT`].
    pub(super) async fn stop(mut self, asked: &mut watch::Receiver<u32>) {
        let limit = Instant::now() + STOP_LIMIT;
        loop {
            if let Some(pid) = self.pid().and_then(|pid| i32::try_from(pid).ok()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            tokio::select! {
                _ = self.child.wait() => return,
                Ok(()) = asked.changed() => {}
                () = sleep_until(limit) => return drop(self.child.kill().await),
            }
        }
    }
}

/// The inbox is on loopback: a proxy of this machine's environment must not get its envelopes.
fn without_loopback() -> String {
    let known = ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok());
    known
        .filter(|hosts| !hosts.is_empty())
        .map_or_else(|| "127.0.0.1".to_owned(), |hosts| hosts + ",127.0.0.1")
}

/// An exit status in words: `exit status 1`, `signal 9 (SIGKILL)`.
pub(super) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) => {
            let name = Signal::try_from(number).map_or("unknown", Signal::as_str);
            format!("signal {number} ({name})")
        }
        (None, None) => status.to_string(),
    }
}

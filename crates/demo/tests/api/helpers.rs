//! The binary, run to its end or while it stands.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

/// Longest wait for anything; reaching it is a failure.
const LIMIT: Duration = Duration::from_mins(10);

/// What the services would take from the environment of the tests.
const OF_SERVICES: [&str; 7] = [
    "SENTRY_DSN",
    "DEBUG_TOKEN",
    "DEBUG_ENDPOINTS",
    "APP_VERSION",
    "RUST_LOG",
    "MONGODB_URL",
    "RABBITMQ_URL",
];

/// The binary, free of what the environment of the tests may say.
pub(crate) fn demo(args: &[&str]) -> Command {
    demo_at(Path::new(env!("CARGO_BIN_EXE_demo")), args)
}

/// The same binary somewhere else.
pub(crate) fn demo_at(path: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    for name in OF_SERVICES {
        command.env_remove(name);
    }
    command
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What the report says is broken, and nothing else: a whole report is too long to be found in a failed run.
    pub(crate) fn broken(&self) -> String {
        let document = self.json();
        let all =
            ["scenarios", "services"].into_iter().flat_map(|list| document[list].as_array().expect("a list"));
        let broken = all.filter(|it| it["mismatches"].as_array().is_none_or(|list| !list.is_empty()));
        broken.map(|it| format!("{it:#}")).collect::<Vec<_>>().join("\n")
    }

    /// The fields in which a scenario, by its id, differs according to the report.
    pub(crate) fn fields(&self, id: &str) -> Vec<String> {
        let document = self.json();
        let scenarios = document["scenarios"].as_array().expect("scenarios");
        let scenario =
            scenarios.iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("no {id}: {self:?}"));
        fields(&scenario["mismatches"])
    }
}

/// The fields of a list of mismatches.
pub(crate) fn fields(mismatches: &Value) -> Vec<String> {
    let field = |mismatch: &Value| mismatch["field"].as_str().expect("a field").to_owned();
    mismatches.as_array().expect("a list").iter().map(field).collect()
}

/// Runs the binary to its end.
pub(crate) async fn run(args: &[&str]) -> Ended {
    run_with(args, &[]).await
}

/// Runs the binary to its end with some environment.
pub(crate) async fn run_with(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let output = demo(args).envs(env.iter().copied()).output();
    let output = timeout(LIMIT, output).await.expect("it ends").expect("it starts");
    Ended {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A turn of a test that keeps all services busy. On two cores, more than two at once leave a service no time to deliver
/// what it reports before the limits of a delivery are over.
pub(crate) async fn turn() -> SemaphorePermit<'static> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    TURNS.acquire().await.expect("it is never closed")
}

/// A standing demo on free ports, and what it says.
pub(crate) struct Standing {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: String,
}

/// A service as the terminal shows it.
#[derive(Debug, Clone)]
pub(crate) struct Reported {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) pid: i32,
}

impl Standing {
    pub(crate) fn start() -> Self {
        Self::of(demo(&["--free-ports"]))
    }

    /// Runs this command, which starts everything.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("a pipe");
        Self { child, lines: BufReader::new(stdout).lines(), said: String::new() }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id().expect("it runs")).expect("a pid")
    }

    /// Reads on until a line has all these words, and returns it.
    pub(crate) async fn says(&mut self, words: &[&str]) -> String {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no line with {words:?} in:\n{}", self.said));
            let line = line.expect("UTF-8").unwrap_or_else(|| panic!("no {words:?} in:\n{}", self.said));
            self.said.push_str(&line);
            self.said.push('\n');
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }

    /// Reads on until every service serves.
    pub(crate) async fn all_serve(&mut self) -> Vec<Reported> {
        self.says(&["Ctrl-C"]).await;
        let services: Vec<_> =
            self.said.lines().filter(|line| line.contains("(pid ")).map(Reported::read).collect();
        assert_eq!(services.len(), 3, "{}", self.said);
        services
    }

    /// Reads all that is left of one that has ended, and returns everything said.
    pub(crate) async fn rest(&mut self) -> &str {
        while let Ok(Ok(Some(line))) = timeout(LIMIT, self.lines.next_line()).await {
            self.said.push_str(&line);
            self.said.push('\n');
        }
        &self.said
    }

    /// Everything said so far.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// Sends a signal and waits for the end; its exit status, `None` if the signal ended it.
    pub(crate) async fn ended_by(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.pid()), signal).expect("it runs");
        timeout(LIMIT, self.child.wait()).await.expect("it ends").expect("a status").code()
    }
}

impl Reported {
    /// `game-engine  http://127.0.0.1:1 (pid 2, …)`
    pub(crate) fn read(line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (name, url) = (words.next().expect("a name"), words.next().expect("a URL"));
        let (_, rest) = line.split_once("(pid ").expect("a pid");
        let pid = rest.split([',', ')']).next().expect("a pid").parse().expect("a number");
        Self { name, url, pid }
    }
}

/// Waits until there is no such process, or only what is left of one that nobody has waited for.
pub(crate) async fn is_gone(pid: i32) {
    let deadline = Instant::now() + LIMIT;
    while let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        let state = stat.rsplit(") ").next().unwrap_or_default();
        if state.starts_with('Z') {
            return;
        }
        assert!(Instant::now() < deadline, "process {pid} still runs: {stat}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// An address of this machine where nobody listens: no system gives this port to anybody.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";

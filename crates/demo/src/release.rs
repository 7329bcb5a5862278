//! `demo release`: deploys a version of the game engine in a running demo, and prints the result; or rolls it back.

use std::process::ExitCode;
use std::time::Duration;

use inbox::Issue;
use inbox::answers::{Issues, SessionsByRelease};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::cli::{ReleaseOptions, Target};
use crate::control::known::ServiceState;
use crate::control::release::{Deploy, Release};
use crate::running::{RunningDemo, RunningError};
use crate::services::GAME_ENGINE;
use crate::terminal::{self, Progress, say};

/// How long the last sessions of a version that was rolled back may take.
const SESSIONS_LIMIT: Duration = Duration::from_secs(30);

/// How often the page is asked how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// How long the service may take until it serves.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a new issue is waited for: one round in some fifteen wins what the new paytable does not know.
const ISSUE_LIMIT: Duration = Duration::from_secs(60);

const PATH: &str = "/api/stage/release";

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
enum ReleaseError {
    #[error(transparent)]
    Running(#[from] RunningError),
    #[error("{GAME_ENGINE} {version} does not serve after {} s{why}", START_LIMIT.as_secs())]
    NotServing { version: String, why: String },
    #[error("the demo has no {GAME_ENGINE}")]
    NoService,
}

/// Deploys or rolls back, and waits until it serves; after a release that goes wrong, for its first issue. Status 2 if
/// it cannot be.
pub async fn main(options: ReleaseOptions) -> ExitCode {
    let done = match options.target.clone() {
        Target::Version(version) => deploy(&options, Deploy { version, broken: !options.healthy }).await,
        Target::Before => roll_back(&options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

async fn deploy(options: &ReleaseOptions, deploy: Deploy) -> Result<(), ReleaseError> {
    let demo = RunningDemo::at(&options.page)?;
    let before = state(&demo).await?.pid();
    demo.post(PATH, &deploy).await?;
    let engine = serving(&demo, before).await?;
    let Deploy { version, broken } = deploy;
    say(&format!("{GAME_ENGINE} {version} serves at {}", engine.url));
    if broken {
        say(&first_issue(&demo, &version).await?);
    }
    let page = demo.page();
    say(&format!("watch {page}releases; `cargo run -- release roll-back` goes back"));
    Ok(())
}

async fn roll_back(options: &ReleaseOptions) -> Result<(), ReleaseError> {
    let demo = RunningDemo::at(&options.page)?;
    let now = state(&demo).await?;
    demo.delete(PATH).await?;
    let engine = serving(&demo, now.pid()).await?;
    let version = engine.version.as_deref().unwrap_or_default();
    say(&format!("{GAME_ENGINE} {version} serves again at {}", engine.url));
    if let Some(left) = &now.release {
        say(&last_sessions(&demo, &left.version).await?);
    }
    if let Some(rate) = crash_free(&demo, version).await? {
        say(&rate);
    }
    Ok(())
}

/// How many sessions of a version that has ended did not crash. It sends the last of them at its end; on a busy machine,
/// they arrive after it.
async fn last_sessions(demo: &RunningDemo, version: &str) -> Result<String, ReleaseError> {
    let deadline = Instant::now() + SESSIONS_LIMIT;
    while Instant::now() < deadline {
        if let Some(rate) = crash_free(demo, version).await? {
            return Ok(rate);
        }
        sleep(LOOK).await;
    }
    Ok(format!("no session of {GAME_ENGINE}@{version} arrived within {} s", SESSIONS_LIMIT.as_secs()))
}

/// What of the page's state is of interest here.
#[derive(Debug, Deserialize)]
struct State {
    services: Vec<Engine>,
    release: Option<Release>,
}

#[derive(Debug, Deserialize)]
struct Engine {
    name: String,
    url: String,
    state: ServiceState,
    pid: Option<u32>,
    version: Option<String>,
    why: Option<Why>,
}

#[derive(Debug, Deserialize)]
struct Why {
    how: String,
}

impl State {
    fn pid(&self) -> Option<u32> {
        self.services.iter().find(|service| service.name == GAME_ENGINE)?.pid
    }

    fn engine(self) -> Result<Engine, ReleaseError> {
        self.services.into_iter().find(|service| service.name == GAME_ENGINE).ok_or(ReleaseError::NoService)
    }
}

async fn state(demo: &RunningDemo) -> Result<State, RunningError> {
    demo.get("/api/stage/state").await
}

/// The service, once another process than that one serves.
async fn serving(demo: &RunningDemo, before: Option<u32>) -> Result<Engine, ReleaseError> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let engine = state(demo).await?.engine()?;
        if engine.state == ServiceState::Serving && engine.pid.is_some() && engine.pid != before {
            return Ok(engine);
        }
        if Instant::now() >= deadline || engine.state == ServiceState::GivenUp {
            let why = engine.why.map(|why| format!(": {}", why.how)).unwrap_or_default();
            return Err(ReleaseError::NotServing { version: engine.version.unwrap_or_default(), why });
        }
        sleep(LOOK).await;
    }
}

/// What its first new issue is, or that there is none yet. The release panics, which is fatal; that a busy machine blocked a
/// worker for a moment is another issue.
async fn first_issue(demo: &RunningDemo, version: &str) -> Result<String, ReleaseError> {
    let progress = Progress::start();
    let since = state(demo).await?.release.map_or(0.0, |release| release.since);
    let deadline = Instant::now() + ISSUE_LIMIT;
    let of_release = format!("{GAME_ENGINE}@{version}");
    let new = |issue: &Issue| {
        issue.first_seen >= since && issue.level == "fatal" && issue.release.as_ref() == Some(&of_release)
    };
    while Instant::now() < deadline {
        let Issues { issues, .. } = demo.get("/api/issues").await?;
        if let Some(issue) = issues.iter().find(|issue| new(issue)) {
            let after = issue.first_seen - since;
            return Ok(format!("new issue {after:.1} s after the deployment: {}", issue.title));
        }
        progress.show("waiting for a new issue");
        sleep(LOOK).await;
    }
    Ok(format!("no new issue within {} s: is anybody playing?", ISSUE_LIMIT.as_secs()))
}

/// How many of its sessions did not crash; `None` if none has arrived.
async fn crash_free(demo: &RunningDemo, version: &str) -> Result<Option<String>, ReleaseError> {
    let of_release = format!("{GAME_ENGINE}@{version}");
    let SessionsByRelease { sessions } = demo.get("/api/sessions").await?;
    let of_release = sessions.into_iter().find(|sessions| sessions.release == of_release);
    let rate = |sessions: inbox::Sessions| {
        Some(format!(
            "{}: {:.1} % of its sessions are crash-free",
            sessions.release,
            sessions.crash_free? * 100.0
        ))
    };
    Ok(of_release.and_then(rate))
}

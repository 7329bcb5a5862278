//! The life of one child, over all its deaths.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::Notice;
use super::child::{self, Launch, Process};

/// Exit status of a service whose configuration is wrong: starting it again changes nothing.
const CONFIGURATION_ERROR: i32 = 2;

/// How often a starting child is asked whether it is healthy.
const HEALTH_INTERVAL: Duration = Duration::from_millis(25);

/// How a life ended.
enum End {
    Stopped,
    Exited { status: ExitStatus, last_words: Vec<String>, lived: Duration },
    NotStarted(io::Error),
}

pub(super) async fn supervise(
    launch: Launch,
    http: reqwest::Client,
    notices: mpsc::UnboundedSender<Notice>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = launch.service;
    let mut backoff = Backoff::default();
    let mut again = false;
    loop {
        let serving = |pid| Notice::Serving { service, url: launch.url(), pid, again };
        let tell = |notice| drop(notices.send(notice));
        match live(&launch, &http, &mut stopped, |pid| tell(serving(pid))).await {
            End::Stopped => return,
            End::NotStarted(error) => return tell(Notice::GaveUp { service, reason: error.to_string() }),
            End::Exited { status, last_words, .. } if status.code() == Some(CONFIGURATION_ERROR) => {
                let words = last_words.join(" ");
                let own_name = format!("{}: ", service.name);
                let words = words.strip_prefix(&own_name).unwrap_or(&words);
                let reason = format!("{words} ({})", child::how(status));
                return tell(Notice::GaveUp { service, reason });
            }
            End::Exited { status, last_words, lived } => {
                let restart_in = backoff.after(lived);
                tell(Notice::Died { service, how: child::how(status), last_words, lived, restart_in });
                tokio::select! {
                    () = sleep(restart_in) => {}
                    _ = stopped.changed() => return,
                }
                again = true;
            }
        }
    }
}

async fn live(
    launch: &Launch,
    http: &reqwest::Client,
    stopped: &mut watch::Receiver<bool>,
    serving: impl FnOnce(u32),
) -> End {
    let born = Instant::now();
    let mut process = match Process::start(launch) {
        Ok(process) => process,
        Err(error) => return End::NotStarted(error),
    };
    let pid = process.pid().unwrap_or_default();
    let health = async {
        healthy(http, &launch.url()).await;
        serving(pid);
        std::future::pending().await
    };
    let exited = tokio::select! {
        status = process.wait() => status,
        _ = stopped.changed() => {
            process.stop().await;
            return End::Stopped;
        }
        never = health => never,
    };
    match exited {
        Ok(status) => End::Exited { status, last_words: process.last_words().await, lived: born.elapsed() },
        Err(error) => End::NotStarted(error),
    }
}

/// Returns when the service answers; the child's death ends the wait elsewhere.
async fn healthy(http: &reqwest::Client, url: &str) {
    let health = format!("{url}/health");
    loop {
        match http.get(&health).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => return,
            _ => sleep(HEALTH_INTERVAL).await,
        }
    }
}

/// How long to wait before the next start: doubled for each short life, so that a child that cannot
/// live does not spin.
struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: Self::FIRST }
    }
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);
    /// A child that lived this long was well.
    const WELL: Duration = Duration::from_secs(10);

    fn after(&mut self, lived: Duration) -> Duration {
        if lived >= Self::WELL {
            self.next = Self::FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(Self::LONGEST);
        wait
    }
}

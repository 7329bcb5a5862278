//! The life of one child, over all its deaths.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::Notice;
use super::child::{self, Launch, Process};
use super::health;
use crate::services::Service;

/// Exit status of a service whose configuration is wrong: starting it again changes nothing.
const CONFIGURATION_ERROR: i32 = 2;

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
    let mut served = false;
    loop {
        let again = served;
        let tell = |notice| drop(notices.send(notice));
        let serving = |pid| {
            served = true;
            tell(Notice::Serving { service, url: launch.url(), pid, again });
        };
        let frozen = |silent_for| tell(Notice::Frozen { service, silent_for });
        let pause = match live(&launch, &http, &mut stopped, serving, frozen).await {
            End::Stopped => return,
            End::NotStarted(error) => {
                let retry_in = backoff.after(Duration::ZERO);
                tell(Notice::NotStarted { service, reason: error.to_string(), retry_in });
                retry_in
            }
            // One that has served before has found something changed around it, which may change back.
            End::Exited { status, last_words, .. }
                if status.code() == Some(CONFIGURATION_ERROR) && !served =>
            {
                return tell(gave_up(service, status, &last_words));
            }
            End::Exited { status, last_words, lived } => {
                let restart_in = backoff.after(lived);
                tell(Notice::Died { service, how: child::how(status), last_words, lived, restart_in });
                restart_in
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = stopped.changed() => return,
        }
    }
}

fn gave_up(service: &'static Service, status: ExitStatus, last_words: &[String]) -> Notice {
    let words = last_words.join(" ");
    let own_name = format!("{}: ", service.name);
    let words = words.strip_prefix(&own_name).unwrap_or(&words);
    Notice::GaveUp { service, reason: format!("{words} ({})", child::how(status)) }
}

async fn live(
    launch: &Launch,
    http: &reqwest::Client,
    stopped: &mut watch::Receiver<bool>,
    serving: impl FnOnce(u32),
    frozen: impl FnOnce(Duration),
) -> End {
    let born = Instant::now();
    let mut process = match Process::start(launch) {
        Ok(process) => process,
        Err(error) => return End::NotStarted(error),
    };
    let pid = process.pid().unwrap_or_default();
    let silence = async {
        health::begins(http, &launch.url()).await;
        serving(pid);
        health::ends(http, &launch.url(), launch.frozen_after).await
    };
    let exited = tokio::select! {
        status = process.wait() => status,
        _ = stopped.changed() => {
            process.stop().await;
            return End::Stopped;
        }
        silent_for = silence => {
            frozen(silent_for);
            process.kill().await
        }
    };
    match exited {
        Ok(status) => End::Exited { status, last_words: process.last_words().await, lived: born.elapsed() },
        Err(error) => End::NotStarted(error),
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

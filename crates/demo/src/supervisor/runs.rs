//! One child, over all its runs.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::child::{self, Launch, Process};
use super::health;
use super::{Deployment, Notice};
use crate::services::Service;

/// Exit status of a service whose configuration is wrong: starting it again changes nothing.
const CONFIGURATION_ERROR: i32 = 2;

/// What a child is to do.
pub(super) struct Orders {
    /// To end for good, and how often that was asked for.
    pub(super) stopped: watch::Receiver<u32>,
    /// To run like this.
    pub(super) deployment: watch::Receiver<Deployment>,
}

/// How a run ended.
enum End {
    Stopped,
    Redeployed,
    Exited { status: ExitStatus, output_tail: Vec<String>, lived: Duration },
    NotStarted(io::Error),
}

pub(super) async fn supervise(
    launch: Launch,
    http: reqwest::Client,
    notices: mpsc::UnboundedSender<Notice>,
    mut orders: Orders,
) {
    let service = launch.service;
    let mut backoff = Backoff::default();
    let mut served = false;
    loop {
        let again = served;
        let report = |notice| drop(notices.send(notice));
        let serving = |pid| {
            served = true;
            report(Notice::Serving { service, url: launch.url(), pid, again });
        };
        let frozen = |silent_for| report(Notice::Frozen { service, silent_for });
        let pause = match live(&launch, &http, &mut orders, serving, frozen).await {
            End::Stopped => return,
            End::Redeployed => {
                report(Notice::Deploying { service });
                continue;
            }
            End::NotStarted(error) => {
                let retry_in = backoff.after(Duration::ZERO);
                report(Notice::NotStarted { service, reason: error.to_string(), retry_in });
                retry_in
            }
            // One that has served before has found something changed around it, which may change back.
            End::Exited { status, output_tail, .. }
                if status.code() == Some(CONFIGURATION_ERROR) && !served =>
            {
                return report(gave_up(service, status, &output_tail));
            }
            End::Exited { status, output_tail, lived } => {
                let restart_in = backoff.after(lived);
                report(Notice::Died { service, how: child::how(status), output_tail, lived, restart_in });
                restart_in
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            // What is deployed now may live.
            _ = orders.deployment.changed() => {}
            _ = orders.stopped.changed() => return,
        }
    }
}

fn gave_up(service: &'static Service, status: ExitStatus, output_tail: &[String]) -> Notice {
    let words = output_tail.join(" ");
    let own_name = format!("{}: ", service.name);
    let words = words.strip_prefix(&own_name).unwrap_or(&words);
    Notice::GaveUp { service, reason: format!("{words} ({})", child::how(status)) }
}

async fn live(
    launch: &Launch,
    http: &reqwest::Client,
    orders: &mut Orders,
    serving: impl FnOnce(u32),
    frozen: impl FnOnce(Duration),
) -> End {
    let born = Instant::now();
    let deployment = orders.deployment.borrow_and_update().clone();
    let mut process = match Process::start(launch, &deployment) {
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
        _ = orders.stopped.changed() => {
            process.stop(&mut orders.stopped).await;
            return End::Stopped;
        }
        _ = orders.deployment.changed() => {
            process.stop(&mut orders.stopped).await;
            return if *orders.stopped.borrow() == 0 { End::Redeployed } else { End::Stopped };
        }
        silent_for = silence => {
            frozen(silent_for);
            process.kill().await
        }
    };
    match exited {
        Ok(status) => End::Exited { status, output_tail: process.output_tail().await, lived: born.elapsed() },
        Err(error) => End::NotStarted(error),
    }
}

/// How long to wait before the next start: doubled for each short run, so that a child that cannot
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

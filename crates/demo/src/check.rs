//! Fires every scenario and compares what arrives with what its catalogue promises.
//!
//! The answers are awaited one by one, in catalogue order; the events are awaited together at the end,
//! which bounds the whole check by one wait, however much is broken. [`command`] is `demo check`; the page runs the same
//! check on services that run.

pub mod arrivals;
pub mod call;
pub mod checked;
pub mod command;
pub mod compare;
pub mod error;
pub mod fire;
pub mod jobs;
pub mod mismatch;
pub mod payload;
pub mod profiles;
pub mod received;
pub mod recovery;
pub mod report;
pub mod selection;
mod table;
pub mod target;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::terminal::Progress;
use call::Call;
use checked::Checked;
use error::CheckError;
use fire::ScenarioClient;
use recovery::RecoveryProbe;
use report::{Report, Verdict};
use selection::Selected;
use target::Targets;

/// How long after the last promised event a surplus one is waited for.
const SETTLE: Duration = Duration::from_secs(1);

/// Fires the scenarios whose id `only` matches, and judges each; waits for events as long as `wait` says.
pub async fn check(
    only: Option<&str>,
    wait: Duration,
    targets: &Targets,
    http: reqwest::Client,
    progress: &Progress,
) -> Result<Report, CheckError> {
    let started = Instant::now();
    let client = ScenarioClient::new(http);
    targets.inbox.stats().await?;
    let services = client.catalogues(&targets.urls).await?;
    let selected = selection::select(&services, only)?;
    let (selected, skipped) = selection::available(selected);

    progress.show("looking at how the services are before");
    let mut probes = RecoveryProbe::of(&selected, &client, &targets.inbox, wait);
    join_all(probes.iter_mut().map(RecoveryProbe::examine_before)).await;

    let calls = fire_all(&selected, &client, progress).await;
    reset(&services, &selected, &client).await;
    arrivals::wait(&targets.inbox, &selected, &calls, wait, progress).await?;
    sleep(SETTLE).await;
    let verdicts = judge(&selected, calls, targets, (wait, progress)).await?;

    progress.show("waiting for the services to be as before; threads that have nothing to do end after 10 s");
    let recoveries = join_all(probes.into_iter().map(RecoveryProbe::examine_after)).await;
    Ok(Report {
        inbox: targets.inbox.url(),
        inbox_stays: !targets.are_own,
        verdicts,
        skipped,
        recoveries,
        elapsed: started.elapsed(),
    })
}

async fn fire_all(selected: &[Selected<'_>], client: &ScenarioClient, progress: &Progress) -> Vec<Call> {
    let mut calls = Vec::with_capacity(selected.len());
    for of_service in selected.chunk_by(|a, b| std::ptr::eq(a.service, b.service)) {
        let Checked { url, catalogue, database } = of_service[0].service;
        let database = match database {
            None => "",
            Some(true) => ", with a database",
            Some(false) => ", without a database",
        };
        progress.note(&format!(
            "checking {} at {url}: {} to fire{database}",
            catalogue.service,
            of_service.len()
        ));
        for it in of_service {
            progress.count(calls.len(), selected.len(), &it.scenario.id);
            calls.push(client.fire(it.service, it.scenario).await);
        }
    }
    calls
}

/// Gives back what the fired scenarios hold, where the reset was not selected itself.
async fn reset(services: &[Checked], selected: &[Selected<'_>], client: &ScenarioClient) {
    for (service, scenario) in selection::unselected_resets(services, selected) {
        client.fire(service, scenario).await;
    }
}

async fn judge(
    selected: &[Selected<'_>],
    calls: Vec<Call>,
    targets: &Targets,
    (wait, progress): (Duration, &Progress),
) -> Result<Vec<Verdict>, CheckError> {
    let mut verdicts = Vec::with_capacity(calls.len());
    for (it, call) in selected.iter().zip(calls) {
        let received = targets.inbox.received(&call).await?;
        let mut mismatches =
            compare::compare(&it.service.catalogue.service, it.scenario, &call, &received).into_vec();
        let job = it.scenario.expect.job.as_ref();
        mismatches.extend(jobs::compare(&targets.inbox, job, &call, wait).await?.into_vec());
        mismatches.extend(profiles::compare(&targets.inbox, it, &received, wait, progress).await?);
        verdicts.push(Verdict::new(it, call, &received, mismatches));
    }
    Ok(verdicts)
}

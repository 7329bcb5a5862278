//! `demo traffic`: has a demo that runs make traffic, and shows how far it is.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, Response, Url};
use serde_json::Value;
use tokio::time::sleep;

use super::Counts;
use crate::cli::TrafficOptions;
use crate::http::{body, reason};
use crate::terminal::{self, Progress, say};
use crate::{http, up};

/// How often the page is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until the time is up, or until SIGINT or SIGTERM, which stop the traffic. Status 2 if it cannot run.
pub async fn main(options: TrafficOptions) -> ExitCode {
    match run(&options).await {
        Ok(counts) => {
            say(&summary(&counts));
            ExitCode::SUCCESS
        }
        Err(reason) => terminal::refuse(&reason),
    }
}

async fn run(options: &TrafficOptions) -> Result<Counts, String> {
    let http = http::client().map_err(|error| error.to_string())?;
    let page = Page { http, url: options.page.clone() };
    let chosen = options.options.checked().map_err(|bad| bad.to_string())?;
    page.accept(page.http.post(page.traffic()?).json(&chosen).send().await).await?;
    let progress = Progress::start();
    let stop = up::asked_to_stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => {
                page.accept(page.http.delete(page.traffic()?).send().await).await?;
                return page.counts().await;
            }
            () = sleep(LOOK) => {}
        }
        let counts = page.counts().await?;
        if !counts.running {
            return Ok(counts);
        }
        progress.show(&line(&counts));
    }
}

/// The demo that runs.
struct Page {
    http: Client,
    url: Url,
}

impl Page {
    fn traffic(&self) -> Result<Url, String> {
        self.url.join("/api/stage/traffic").map_err(|error| error.to_string())
    }

    async fn counts(&self) -> Result<Counts, String> {
        let url = self.url.join("/api/stage/state").map_err(|error| error.to_string())?;
        let answer = self.accept(self.http.get(url).send().await).await?;
        let state: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        serde_json::from_value(state["traffic"].clone()).map_err(|error| error.to_string())
    }

    /// The body of an answer that says yes.
    async fn accept(&self, answer: reqwest::Result<Response>) -> Result<Vec<u8>, String> {
        let shown = &self.url;
        let answer = answer.map_err(|error| {
            format!("no demo answers at {shown} ({}): `cargo run` starts one", reason(&error))
        })?;
        let status = answer.status();
        let body = body(answer).await?;
        if status.is_success() {
            return Ok(body);
        }
        let refusal: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why =
            refusal["error"].as_str().map_or_else(|| format!("{shown} answers {status}"), str::to_owned);
        Err(why)
    }
}

fn line(counts: &Counts) -> String {
    let left = (counts.ends_at - inbox::timestamp::now()).max(0.0);
    let p95 = counts.p95_ms.map(|p95| format!(", p95 {p95:.0} ms")).unwrap_or_default();
    format!(
        "{} visits, {:.1}/s{p95}, {} refused, {} failed, {left:.0} s left",
        counts.all(),
        counts.rate,
        counts.refused,
        counts.failed
    )
}

fn summary(counts: &Counts) -> String {
    let kinds = counts.visits.iter().map(|(kind, number)| {
        let name = serde_json::to_value(kind).ok();
        format!("{} {number}", name.as_ref().and_then(Value::as_str).unwrap_or_default())
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    format!("{} visits ({kinds}), {} refused, {} failed", counts.all(), counts.refused, counts.failed)
}

//! What the tabs of the inbox show, by its API.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::document::{DOCUMENT, Promise, Quota, Step};

/// Longest wait for what a block promises: a profile comes every 10 s, on a busy machine later.
const LIMIT: Duration = Duration::from_secs(90);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// The inbox of the standing demo.
pub(crate) struct Inbox {
    url: String,
    http: reqwest::Client,
}

/// The events of the watchdog: a machine that is busy for a second causes them, too.
const WATCHDOG: [&str; 2] = ["EventLoopBlocked", "The event loop runs again"];

/// What it held before a block.
pub(crate) struct Before {
    known: HashSet<String>,
    logs: usize,
    metrics: usize,
}

impl Inbox {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), http: demo::http::client().expect("a client") }
    }

    pub(crate) async fn state(&self) -> Before {
        let ids =
            |list: Vec<Value>| list.into_iter().filter_map(|it| it["event_id"].as_str().map(str::to_owned));
        let events = ids(self.list("events").await);
        let transactions = ids(self.list("transactions").await);
        Before {
            known: events.chain(transactions).collect(),
            logs: self.list("logs").await.len(),
            metrics: self.list("metrics").await.len(),
        }
    }

    /// Waits until everything is seen that the block promises, at the price that it names; else says what is missing.
    pub(crate) async fn shows(&self, step: &Step, before: &Before, terminal: &str) -> Result<(), String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let missing = self.missing(step, before, terminal).await;
            if missing.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(format!("{DOCUMENT}:{}: {missing:?}\nin the terminal:\n{terminal}", step.line));
            }
            sleep(PAUSE).await;
        }
    }

    async fn missing(&self, step: &Step, before: &Before, terminal: &str) -> Vec<String> {
        let mut missing = Vec::new();
        for promise in &step.promises {
            let Promise { place, text } = promise;
            let shown = match place.as_str() {
                "Terminal" => terminal.to_owned(),
                "Nowhere" => self.all(before).await,
                tab => self.tab(tab, before).await,
            };
            if shown.contains(text) == (place == "Nowhere") {
                missing.push(format!("`{text}`: {place}"));
            }
        }
        let price = self.price(step, before).await;
        if step.quota.is_some_and(|promised| promised != price) {
            missing.push(format!("promised {:?}, came {price:?}", step.quota));
        }
        missing
    }

    /// What a tab and the pages behind it show that was not there before.
    async fn tab(&self, tab: &str, before: &Before) -> String {
        match tab {
            "Issues" => self.details("events", before).await,
            "Traces" => self.details("transactions", before).await,
            "Logs" => newer(self.list("logs").await, before.logs),
            "Metrics" => newer(self.list("metrics").await, before.metrics),
            "Releases" => self.get("/api/sessions").await.to_string(),
            "Profiles" => self.profiles().await,
            // In three minutes: by then, Sentry has noticed what is missing.
            "Monitors" => self.get("/api/monitors?in=180").await.to_string(),
            "Feedback" => self.get("/api/feedback").await.to_string(),
            "Envelopes" => self.get("/api/envelopes").await.to_string(),
            _ => panic!("{DOCUMENT}: the inbox has no tab {tab}"),
        }
    }

    /// What every tab with the content of requests shows.
    async fn all(&self, before: &Before) -> String {
        let mut all = String::new();
        for tab in ["Issues", "Traces", "Logs", "Metrics"] {
            all += &self.tab(tab, before).await;
        }
        all
    }

    async fn details(&self, kind: &str, before: &Before) -> String {
        let mut text = String::new();
        for summary in self.list(kind).await {
            let id = summary["event_id"].as_str().expect("an id");
            if !before.known.contains(id) {
                text += &self.get(&format!("/api/{kind}/{id}")).await.to_string();
            }
        }
        text
    }

    async fn profiles(&self) -> String {
        let mut text = String::new();
        for profiler in self.list("profilers").await {
            let id = profiler["profiler_id"].as_str().expect("an id");
            text += &self.get(&format!("/api/profile?profiler={id}")).await.to_string();
        }
        text
    }

    /// What has arrived since. Each counts once: a service that gets no answer in time sends again. The watchdog counts
    /// where the block promises it.
    async fn price(&self, step: &Step, before: &Before) -> Quota {
        let is_new = |it: &Value| it["event_id"].as_str().is_some_and(|id| !before.known.contains(id));
        let events: Vec<_> = self.list("events").await.into_iter().filter(is_new).collect();
        let transactions = self.list("transactions").await.into_iter().filter(is_new).count();
        let is_watchdog = |it: &&Value| {
            it["title"].as_str().is_some_and(|title| WATCHDOG.iter().any(|start| title.starts_with(start)))
        };
        let by_watchdog = events.iter().filter(is_watchdog).count();
        let is_promised = step.promises.iter().any(|promise| WATCHDOG.contains(&promise.text.as_str()));
        let counted = if is_promised { by_watchdog.min(WATCHDOG.len()) } else { 0 };
        let errors = events.len() - by_watchdog + counted;
        Quota { errors: errors as u64, transactions: transactions as u64 }
    }

    async fn list(&self, name: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/{name}?limit=10000")).await;
        answer[name].as_array().unwrap_or_else(|| panic!("no {name}: {answer}")).clone()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }
}

/// A list has the newest first.
fn newer(list: Vec<Value>, before: usize) -> String {
    let more = list.len().saturating_sub(before);
    Value::from(list.into_iter().take(more).collect::<Vec<_>>()).to_string()
}

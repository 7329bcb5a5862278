//! What the inbox received, read through its HTTP interface.

use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::Call;
use super::error::CheckError;
use crate::http::{body, reason};

/// Most events or transactions of one call that are looked at.
const LIMIT: usize = 100;

/// An inbox.
#[derive(Debug, Clone)]
pub struct InboxApi {
    http: Client,
    url: String,
}

/// What one call caused, oldest first, each as it was sent.
#[derive(Debug, Default)]
pub struct Received {
    /// Error and message events.
    pub events: Vec<Value>,
    /// Transactions.
    pub transactions: Vec<Value>,
}

#[derive(Deserialize)]
struct Stats {
    version: u64,
}

#[derive(Deserialize)]
struct Summary {
    event_id: String,
}

impl InboxApi {
    /// The inbox at that URL.
    pub fn new(url: &str, http: Client) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A number that rises with each change.
    pub async fn stats(&self) -> Result<u64, CheckError> {
        self.get::<Stats>("/api/stats").await.map(|stats| stats.version)
    }

    /// How many events and transactions the call caused so far.
    pub async fn counts(&self, call: &Call) -> Result<(usize, usize), CheckError> {
        let (events, transactions) = self.ids(call).await?;
        Ok((events.len(), transactions.len()))
    }

    /// All that the call caused so far.
    pub async fn received(&self, call: &Call) -> Result<Received, CheckError> {
        let (events, transactions) = self.ids(call).await?;
        let mut received = Received::default();
        for id in events {
            received.events.push(self.part(&format!("/api/events/{id}"), "event").await?);
        }
        for id in transactions {
            received.transactions.push(self.part(&format!("/api/transactions/{id}"), "transaction").await?);
        }
        Ok(received)
    }

    async fn ids(&self, call: &Call) -> Result<(Vec<String>, Vec<String>), CheckError> {
        Ok((self.ids_of("events", call).await?, self.ids_of("transactions", call).await?))
    }

    /// Found by run and by trace: what lacks one of them is still its own, and then reported as different.
    async fn ids_of(&self, kind: &str, call: &Call) -> Result<Vec<String>, CheckError> {
        let mut ids = Vec::new();
        for filter in [format!("run={}", call.run_id), format!("trace={}", call.trace_id)] {
            let list: Value = self.part(&format!("/api/{kind}?{filter}&limit={LIMIT}"), kind).await?;
            let found: Vec<Summary> = self.parse(&format!("/api/{kind}"), list)?;
            // Newest first there, oldest first here.
            for summary in found.into_iter().rev() {
                if !ids.contains(&summary.event_id) {
                    ids.push(summary.event_id);
                }
            }
        }
        Ok(ids)
    }

    async fn part(&self, path: &str, name: &str) -> Result<Value, CheckError> {
        let mut document: Value = self.get(path).await?;
        Ok(document.get_mut(name).map(Value::take).unwrap_or_default())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CheckError> {
        let url = format!("{}{path}", self.url);
        let unreachable = |error| CheckError::Unreachable { url: url.clone(), reason: reason(&error) };
        let answer = self.http.get(&url).send().await.map_err(unreachable)?;
        let answer = answer.error_for_status().map_err(unreachable)?;
        let body =
            body(answer).await.map_err(|reason| CheckError::Unreachable { url: url.clone(), reason })?;
        serde_json::from_slice(&body).map_err(|error| self.unreadable(path, &error))
    }

    fn parse<T: DeserializeOwned>(&self, path: &str, value: Value) -> Result<T, CheckError> {
        serde_json::from_value(value).map_err(|error| self.unreadable(path, &error))
    }

    fn unreadable(&self, path: &str, error: &serde_json::Error) -> CheckError {
        CheckError::Unreadable { url: format!("{}{path}", self.url), reason: error.to_string() }
    }
}

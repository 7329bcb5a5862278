//! What the inbox received, read through its HTTP interface.

use inbox::answers::{EventDetails, Events, Monitors, Profile, TransactionDetails, Transactions};
use inbox::{Monitor, Stats};
use reqwest::{Client, Response, StatusCode};
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
            let details: EventDetails = self.get(&format!("/api/events/{id}")).await?;
            received.events.push(details.event.read());
        }
        for id in transactions {
            let details: TransactionDetails = self.get(&format!("/api/transactions/{id}")).await?;
            received.transactions.push(details.transaction.read());
        }
        Ok(received)
    }

    /// The profile of the time of a transaction; `None` if no sample of it is held.
    pub async fn profile_of(&self, transaction: &str) -> Result<Option<Profile>, CheckError> {
        let path = format!("/api/profile?transaction={transaction}");
        match self.answer(&path).await? {
            answer if answer.status() == StatusCode::NOT_FOUND => Ok(None),
            answer => self.read(&path, answer).await.map(Some),
        }
    }

    /// The monitors as they will be then, unless a job checks in.
    pub async fn monitors(&self, in_minutes: u32) -> Result<Vec<Monitor>, CheckError> {
        let seconds = 60 * u64::from(in_minutes);
        self.get::<Monitors>(&format!("/api/monitors?in={seconds}")).await.map(|it| it.monitors)
    }

    /// Found by run and by trace: what lacks one of them is still its own, and then reported as different.
    async fn ids(&self, call: &Call) -> Result<(Vec<String>, Vec<String>), CheckError> {
        let (mut events, mut transactions) = (Vec::new(), Vec::new());
        for filter in [format!("run={}", call.run_id), format!("trace={}", call.trace_id)] {
            let filter = format!("{filter}&limit={LIMIT}");
            let listed: Events = self.get(&format!("/api/events?{filter}")).await?;
            add(&mut events, listed.events.into_iter().map(|event| event.event_id));
            let listed: Transactions = self.get(&format!("/api/transactions?{filter}")).await?;
            add(&mut transactions, listed.transactions.into_iter().map(|transaction| transaction.event_id));
        }
        Ok((events, transactions))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CheckError> {
        let answer = self.answer(path).await?;
        self.read(path, answer).await
    }

    async fn answer(&self, path: &str) -> Result<Response, CheckError> {
        let url = format!("{}{path}", self.url);
        let answer = self.http.get(&url).send().await;
        answer.map_err(|error| CheckError::Unreachable { url, reason: reason(&error) })
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, answer: Response) -> Result<T, CheckError> {
        let url = format!("{}{path}", self.url);
        let unreachable = |error| CheckError::Unreachable { url: url.clone(), reason: reason(&error) };
        let answer = answer.error_for_status().map_err(unreachable)?;
        let body =
            body(answer).await.map_err(|reason| CheckError::Unreachable { url: url.clone(), reason })?;
        serde_json::from_slice(&body)
            .map_err(|error| CheckError::Unreadable { url, reason: error.to_string() })
    }
}

/// Adds ids that are new. They come newest first, and are kept oldest first.
fn add(ids: &mut Vec<String>, found: impl DoubleEndedIterator<Item = String>) {
    for id in found.rev() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}

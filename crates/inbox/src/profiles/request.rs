//! What a profile is asked for: a range and a thread, a request, or the time before an event.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Chunks;
use super::chunk::parse_span;
use super::selection::Selection;
use crate::event_id::plain;
use crate::received::Payload;
use crate::store::{State, Store};
use crate::text::{SHORT, clip};
use crate::timestamp;

/// How long before an event its process is looked at, seconds.
pub(crate) const BEFORE_EVENT: f64 = 10.0;

/// The parameters of the address.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    /// A profiler; or an id of the two below, from which the profiler and the range follow.
    profiler: Option<String>,
    transaction: Option<String>,
    event: Option<String>,
    /// Seconds since 1970; everything that is held where they are not given.
    from: Option<f64>,
    to: Option<f64>,
    thread: Option<String>,
}

/// What is to be shown, with the chunks that it takes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) chunks: Chunks,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) thread: Option<String>,
    pub(crate) spans: Option<HashSet<u64>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("name a profiler, a transaction or an event")]
    Nothing,
    #[error("from and to are seconds since 1970, and from is the earlier one")]
    Range,
    #[error("no such {0} is held")]
    NotHeld(&'static str),
    #[error("the {0} names no profiler: its process did not profile it")]
    NotProfiled(&'static str),
    #[error("no samples of profiler {0} are held")]
    NoSamples(String),
}

impl BadRequest {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Nothing | Self::Range => StatusCode::BAD_REQUEST,
            Self::NotHeld(_) | Self::NotProfiled(_) | Self::NoSamples(_) => StatusCode::NOT_FOUND,
        }
    }
}

impl Query {
    pub(crate) fn resolve(self, store: &Store) -> Result<Request, BadRequest> {
        let mut request = if let Some(id) = &self.transaction {
            let payload = store.read(|state| state.transaction(&plain(id)).map(|it| it.payload.clone()));
            of_transaction(&payload.ok_or(BadRequest::NotHeld("transaction"))?, store)?
        } else if let Some(id) = &self.event {
            let payload = store.read(|state| {
                let event = state.event(&plain(id))?;
                Some((event.payload.clone(), event.summary.timestamp.unwrap_or(event.summary.received_at)))
            });
            let (payload, at) = payload.ok_or(BadRequest::NotHeld("event"))?;
            before_event(&payload, at, store)?
        } else {
            let profiler = plain(self.profiler.as_deref().ok_or(BadRequest::Nothing)?);
            let chunks = held(store, &profiler)?;
            let (from, to) = chunks.range();
            Request { chunks, from, to, thread: None, spans: None }
        };
        request.from = self.from.unwrap_or(request.from);
        request.to = self.to.unwrap_or(request.to);
        request.thread = self.thread.filter(|thread| !thread.is_empty()).or(request.thread);
        let valid = request.from.is_finite() && request.to.is_finite() && request.from <= request.to;
        valid.then_some(request).ok_or(BadRequest::Range)
    }
}

/// The samples of a request's spans. Where the profiler does not know spans: those of the request's thread meanwhile.
fn of_transaction(payload: &Payload, store: &Store) -> Result<Request, BadRequest> {
    let transaction = payload.read();
    let contexts = &transaction["contexts"];
    let chunks = held(store, &profiler(contexts).ok_or(BadRequest::NotProfiled("transaction"))?)?;
    let time = |name: &str| timestamp::seconds(&transaction[name]).unwrap_or_default();
    let (from, to) = (time("start_timestamp"), time("timestamp"));
    let spans = transaction["spans"].as_array().into_iter().flatten().chain([&contexts["trace"]]);
    let spans: HashSet<u64> = spans.filter_map(|span| parse_span(span["span_id"].as_str()?)).collect();
    let known = chunks.0.iter().any(|chunk| chunk.knows_spans && chunk.from <= to && chunk.to >= from);
    Ok(Request {
        from,
        to,
        thread: if known { None } else { thread(contexts) },
        spans: known.then_some(spans),
        chunks,
    })
}

/// What the process of an event did before it.
fn before_event(payload: &Payload, at: f64, store: &Store) -> Result<Request, BadRequest> {
    let event = payload.read();
    let chunks = match profiler(&event["contexts"]) {
        Some(profiler) => held(store, &profiler)?,
        None => of_release(store, event["release"].as_str(), at).ok_or(BadRequest::NotProfiled("event"))?,
    };
    Ok(Request { chunks, from: at - BEFORE_EVENT, to: at, thread: None, spans: None })
}

fn held(store: &Store, profiler: &str) -> Result<Chunks, BadRequest> {
    let all = store.read(|state: &State| state.profiles.all());
    let held =
        all.into_iter().find(|chunks| chunks.latest().is_some_and(|chunk| chunk.profiler_id == profiler));
    held.ok_or_else(|| BadRequest::NoSamples(clip(profiler, SHORT)))
}

/// The profiler of a release that was at work before this time. An SDK that does not name the profiler on events may still
/// have one.
fn of_release(store: &Store, release: Option<&str>, at: f64) -> Option<Chunks> {
    // As chunks keep it.
    let release = clip(release?, SHORT);
    let at_work = |chunks: &Chunks| {
        let (from, to) = chunks.range();
        chunks.latest().is_some_and(|chunk| chunk.release.as_ref() == Some(&release))
            && from <= at
            && to >= at - BEFORE_EVENT
    };
    store.read(|state| state.profiles.all()).into_iter().find(at_work)
}

fn profiler(contexts: &Value) -> Option<String> {
    contexts["profile"]["profiler_id"].as_str().map(plain)
}

fn thread(contexts: &Value) -> Option<String> {
    match &contexts["trace"]["data"]["thread.id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

impl Request {
    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection {
            chunks: &self.chunks,
            from: self.from,
            to: self.to,
            thread: self.thread.as_deref(),
            spans: self.spans.as_ref(),
        }
    }
}

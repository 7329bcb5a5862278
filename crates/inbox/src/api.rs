//! What is held, as JSON.

use actix_web::error::{InternalError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answers::{
    EventDetails, Events, Issues, Logs, Metrics, Refusals, SessionsByRelease, TransactionDetails,
    Transactions,
};
use crate::event_id::plain;
use crate::received::{Entry, EventSummary, Payload, TransactionSummary};
use crate::refusal::{refusal, takes};
use crate::store::{MAX_SMALL, State, Store};
use crate::weight::Weigh;

/// Entries of a list, unless the caller wants another number.
const LIMIT: usize = 100;

/// Most entries of a list.
const MAX_LIMIT: usize = MAX_SMALL;

/// Most bytes of the entries of one answer. What is beyond is had with `offset`.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path).default_service(takes("GET"));
    app.app_data(web::QueryConfig::default().error_handler(unreadable_query))
        .service(get("/health").get(health))
        .service(web::resource("/api/issues").get(issues).delete(clear).default_service(takes("GET, DELETE")))
        .service(get("/api/issues/{id}").get(issue))
        .service(get("/api/events").get(events))
        .service(get("/api/events/{id}").get(event))
        .service(get("/api/transactions").get(transactions))
        .service(get("/api/transactions/{id}").get(transaction))
        .service(get("/api/logs").get(logs))
        .service(get("/api/metrics").get(metrics))
        .service(get("/api/sessions").get(sessions))
        .service(get("/api/refusals").get(refusals))
        .service(get("/api/stats").get(stats));
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize)]
struct Filter {
    issue: Option<String>,
    run: Option<String>,
    trace: Option<String>,
    /// How many entries, at most.
    limit: Option<usize>,
    /// How many entries are left out first.
    #[serde(default)]
    offset: usize,
}

impl Filter {
    /// The part of a list that is asked for, as far as one answer may go.
    fn page<'a, T: Weigh + Clone + 'a>(&self, default: usize, all: impl Iterator<Item = &'a T>) -> Page<T> {
        let limit = self.limit.unwrap_or(default).min(MAX_LIMIT);
        let (mut page, mut bytes) = (Page { entries: Vec::new(), more: false }, 0);
        for entry in all.skip(self.offset) {
            bytes += entry.weight();
            // One at least, or nobody would ever come beyond it.
            if page.entries.len() >= limit || (bytes > MAX_ANSWER && !page.entries.is_empty()) {
                page.more = true;
                break;
            }
            page.entries.push(entry.clone());
        }
        page
    }

    fn fits(&self, run: Option<&String>, trace: Option<&String>) -> bool {
        wanted(self.run.as_ref(), run) && wanted(self.trace.as_ref(), trace)
    }
}

fn wanted(asked: Option<&String>, there: Option<&String>) -> bool {
    asked.is_none() || asked == there
}

fn unreadable_query(error: QueryPayloadError, _: &HttpRequest) -> Error {
    let answer = refusal(StatusCode::BAD_REQUEST, &error.to_string());
    InternalError::from_response(error, answer).into()
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn clear(store: web::Data<Store>) -> HttpResponse {
    store.clear();
    HttpResponse::NoContent().finish()
}

/// A part of a list.
struct Page<T> {
    entries: Vec<T>,
    /// Whether there is more beyond it.
    more: bool,
}

fn found(what: &str, document: Option<impl Serialize>) -> HttpResponse {
    match document {
        Some(document) => HttpResponse::Ok().json(document),
        None => refusal(StatusCode::NOT_FOUND, &format!("no such {what} is held")),
    }
}

async fn issues(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| filter.page(MAX_LIMIT, state.issues.newest_first().into_iter()));
    HttpResponse::Ok().json(Issues { issues: page.entries, more: page.more })
}

async fn issue(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    found("issue", store.read(|state| state.issues.get(&id).cloned()))
}

async fn events(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| summaries(state, &filter));
    HttpResponse::Ok().json(Events { events: page.entries, more: page.more })
}

fn summaries(state: &State, filter: &Filter) -> Page<EventSummary> {
    let newest_first = state.events.iter().rev().map(|event| &event.summary);
    let fits = |it: &&EventSummary| {
        filter.fits(it.run_id.as_ref(), it.trace_id.as_ref())
            && wanted(filter.issue.as_ref(), Some(&it.issue_id))
    };
    filter.page(LIMIT, newest_first.filter(fits))
}

/// An event and what is known about it. Its payload goes out as it came in.
async fn event(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let details = |state: &State| {
        let event = state.event(&plain(&id))?;
        Some(EventDetails {
            summary: event.summary.clone(),
            issue: state.issues.get(&event.summary.issue_id).cloned(),
            attachments: event.attachments.clone(),
            dsc: event.dsc.clone(),
            event: event.payload.clone(),
        })
    };
    found("event", store.read(details))
}

async fn transactions(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| {
        let newest_first = state.transactions.iter().rev().map(|transaction| &transaction.summary);
        let fits = |it: &&TransactionSummary| filter.fits(it.run_id.as_ref(), it.trace_id.as_ref());
        filter.page(LIMIT, newest_first.filter(fits))
    });
    HttpResponse::Ok().json(Transactions { transactions: page.entries, more: page.more })
}

/// A transaction and the events of its trace.
async fn transaction(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let details = |state: &State| {
        let transaction = state.transaction(&plain(&id))?;
        let trace = transaction.summary.trace_id.clone();
        let errors = trace.map(|trace| summaries(state, &Filter { trace: Some(trace), ..Filter::default() }));
        Some(TransactionDetails {
            summary: transaction.summary.clone(),
            errors: errors.map(|page| page.entries).unwrap_or_default(),
            transaction: transaction.payload.clone(),
        })
    };
    found("transaction", store.read(details))
}

async fn logs(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let of_trace = |log: &&Entry| wanted(filter.trace.as_ref(), log.trace_id.as_ref());
    let page = store.read(|state| filter.page(LIMIT, state.logs.iter().rev().filter(of_trace)));
    HttpResponse::Ok().json(Logs { logs: payloads(page.entries), more: page.more })
}

async fn metrics(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| filter.page(LIMIT, state.metrics.iter().rev()));
    HttpResponse::Ok().json(Metrics { metrics: payloads(page.entries), more: page.more })
}

fn payloads(entries: Vec<Entry>) -> Vec<Payload> {
    entries.into_iter().map(|entry| entry.payload).collect()
}

async fn sessions(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(SessionsByRelease { sessions: store.read(|state| state.sessions.all()) })
}

async fn refusals(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(Refusals { refusals: store.read(|state| state.refusals.newest_first()) })
}

async fn stats(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(store.read(State::stats))
}

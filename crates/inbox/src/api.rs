//! What is held, as JSON.

use actix_web::error::{InternalError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event_id;
use crate::received::{EventSummary, Payload, TransactionSummary};
use crate::server::{refusal, takes};
use crate::store::{State, Store};

/// Entries of a list, unless the caller wants another number.
const LIMIT: usize = 100;

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
        .service(get("/api/stats").get(stats));
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize)]
struct Filter {
    issue: Option<String>,
    run: Option<String>,
    trace: Option<String>,
    limit: Option<usize>,
}

impl Filter {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT)
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

fn list<T: Serialize>(name: &str, entries: &[T]) -> HttpResponse {
    HttpResponse::Ok().json(json!({ name: entries }))
}

fn found(what: &str, document: Option<Value>) -> HttpResponse {
    match document {
        Some(document) => HttpResponse::Ok().json(document),
        None => refusal(StatusCode::NOT_FOUND, &format!("no such {what} is held")),
    }
}

/// The id as it is held: logs and debuggers show it with dashes.
fn plain(id: &str) -> String {
    event_id::normalised(id).unwrap_or_else(|| id.to_owned())
}

/// The payload is read here, after the lock is let go.
fn with_payload(name: &str, held: Option<(Payload, Value)>) -> Option<Value> {
    held.map(|(payload, mut document)| {
        document[name] = payload.read();
        document
    })
}

async fn issues(store: web::Data<Store>) -> HttpResponse {
    list("issues", &store.read(State::issues_newest_first))
}

async fn issue(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    found("issue", store.read(|state| state.issue(&id).map(|issue| json!(issue))))
}

async fn events(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    list("events", &store.read(|state| summaries(state, &filter)))
}

fn summaries(state: &State, filter: &Filter) -> Vec<EventSummary> {
    let newest_first = state.events.iter().rev().map(|event| &event.summary);
    let fits = |it: &&EventSummary| {
        filter.fits(it.run_id.as_ref(), it.trace_id.as_ref())
            && wanted(filter.issue.as_ref(), Some(&it.issue_id))
    };
    newest_first.filter(fits).take(filter.limit()).cloned().collect()
}

async fn event(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let held = |state: &State| {
        let event = state.event(&plain(&id))?;
        let about = json!({
            "summary": event.summary,
            "issue": state.issue(&event.summary.issue_id),
            "attachments": event.attachments,
            "dsc": event.dsc,
        });
        Some((event.payload.clone(), about))
    };
    found("event", with_payload("event", store.read(held)))
}

async fn transactions(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let entries: Vec<TransactionSummary> = store.read(|state| {
        let newest_first = state.transactions.iter().rev().map(|transaction| &transaction.summary);
        let fits = |it: &&TransactionSummary| filter.fits(it.run_id.as_ref(), it.trace_id.as_ref());
        newest_first.filter(fits).take(filter.limit()).cloned().collect()
    });
    list("transactions", &entries)
}

async fn transaction(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let held = |state: &State| {
        let transaction = state.transaction(&plain(&id))?;
        let trace = transaction.summary.trace_id.clone();
        let errors = trace.map(|trace| summaries(state, &Filter { trace: Some(trace), ..Filter::default() }));
        let about = json!({ "summary": transaction.summary, "errors": errors.unwrap_or_default() });
        Some((transaction.payload.clone(), about))
    };
    found("transaction", with_payload("transaction", store.read(held)))
}

async fn logs(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let entries: Vec<Value> = store.read(|state| {
        let of_trace = |log: &&Value| filter.trace.as_deref().is_none_or(|trace| log["trace_id"] == trace);
        state.logs.iter().rev().filter(of_trace).take(filter.limit()).cloned().collect()
    });
    list("logs", &entries)
}

async fn metrics(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let entries: Vec<Value> =
        store.read(|state| state.metrics.iter().rev().take(filter.limit()).cloned().collect());
    list("metrics", &entries)
}

async fn sessions(store: web::Data<Store>) -> HttpResponse {
    list("sessions", &store.read(|state| state.sessions.all()))
}

async fn stats(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(store.read(State::stats))
}

//! Transactions, traces, logs and metrics.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::filter::{Filter, LIMIT, wanted};
use super::issues::summaries;
use super::{aside, body, found, get, unreadable};
use crate::answers::{Logs, Metrics, TraceSummary, Traces, TransactionDetails, Transactions};
use crate::event_id::plain;
use crate::query::Query;
use crate::received::{Entry, Payload, Transaction};
use crate::spans;
use crate::store::{State, Store};
use crate::traces;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.service(get("/api/transactions").get(transactions))
        .service(get("/api/transactions/{id}").get(transaction))
        .service(get("/api/traces").get(all_traces))
        .service(get("/api/traces/{id}").get(trace))
        .service(get("/api/logs").get(logs))
        .service(get("/api/metrics").get(metrics));
}

async fn transactions(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let query = match filter.search() {
        Ok(query) => query,
        Err(bad) => return unreadable(&bad),
    };
    let page = store.read(|state| {
        let fits = |it: &&Transaction| {
            filter.fits(it.summary.run_id.as_ref(), it.summary.trace_id.as_ref()) && query.fits(*it)
        };
        let fitting = state.transactions.iter().rev().filter(fits);
        let mut page = filter.page(LIMIT, fitting.map(|it| &it.summary));
        state.spans.count(page.entries.iter_mut());
        page
    });
    HttpResponse::Ok().json(Transactions { transactions: page.entries, more: page.more })
}

/// A transaction and the events of its trace.
async fn transaction(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    found("transaction", store.read(|state| details(state, &plain(&id))))
}

fn details(state: &State, id: &str) -> Option<TransactionDetails> {
    let transaction = state.transaction(id)?;
    let mut summary = transaction.summary.clone();
    let trace = summary.trace_id.clone();
    let mut payload = transaction.payload.clone();
    if let (true, Some(trace), Some(segment)) = (summary.streamed, &trace, &summary.span_id) {
        let whole = spans::transaction(&state.spans.of_trace(trace), segment);
        summary.span_count = whole.as_ref().and_then(|it| it["spans"].as_array()).map_or(0, Vec::len);
        payload = whole.as_ref().and_then(Payload::of).unwrap_or(payload);
    }
    let of_trace = |trace| Filter { trace: Some(trace), ..Filter::default() };
    let errors = trace.map(|trace| summaries(state, &of_trace(trace), &Query::default()).entries);
    Some(TransactionDetails {
        errors: errors.unwrap_or_default(),
        attachments: state.attachments.of_event(&summary.event_id),
        summary,
        transaction: payload,
    })
}

async fn all_traces(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let query = match filter.search() {
        Ok(query) => query,
        Err(bad) => return unreadable(&bad),
    };
    let all = store.read(|state| traces::searched(state, query));
    let fits = |it: &&TraceSummary| wanted(filter.run.as_ref(), it.run_id.as_ref());
    let page = filter.page(LIMIT, all.iter().filter(fits));
    HttpResponse::Ok().json(Traces { traces: page.entries, more: page.more })
}

async fn trace(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    aside(move || {
        let collected = store.read(|state| {
            // Traces are found by their id as it was sent; people may give it with dashes.
            traces::collect(state, &id).or_else(|| traces::collect(state, &plain(&id)))
        });
        let missing = || (StatusCode::NOT_FOUND, "no such trace is held".to_owned());
        body(&collected.ok_or_else(missing)?.together())
    })
    .await
}

async fn logs(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let query = match filter.search() {
        Ok(query) => query,
        Err(bad) => return unreadable(&bad),
    };
    aside(move || {
        let entries: Vec<Entry> = store.read(|state| {
            let of_trace = |log: &&Entry| wanted(filter.trace.as_ref(), log.trace_id.as_ref());
            state.logs.iter().rev().filter(of_trace).cloned().collect()
        });
        // Payloads are read for attributes: not while clients wait.
        let fits = |log: &&Entry| filter.fits_level(log.level.as_deref()) && query.fits(*log);
        let page = filter.page(LIMIT, entries.iter().filter(fits));
        body(&Logs { logs: payloads(page.entries), more: page.more })
    })
    .await
}

async fn metrics(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| filter.page(LIMIT, state.metrics.iter().rev()));
    HttpResponse::Ok().json(Metrics { metrics: payloads(page.entries), more: page.more })
}

fn payloads(entries: Vec<Entry>) -> Vec<Payload> {
    entries.into_iter().map(|entry| entry.payload).collect()
}

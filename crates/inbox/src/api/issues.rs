//! Issues and events.

use std::collections::{BTreeMap, HashSet};

use actix_web::{HttpResponse, web};

use super::filter::{Filter, LIMIT, MAX_LIMIT, Page, Sort, wanted};
use super::{found, get, unreadable};
use crate::answers::{Decision, EventDetails, Events, IssueFacts, Issues, TagFacts, TagValue};
use crate::charts::over_time;
use crate::event_id::plain;
use crate::feedback::Feedback;
use crate::issue::Issue;
use crate::query::Query;
use crate::received::EventSummary;
use crate::refusal::takes;
use crate::search::is_of_issue;
use crate::store::{State, Store};
use crate::timestamp;

/// Most tags whose values are counted, and most values of one that are listed.
const MAX_TAGS: usize = 200;
const MAX_VALUES: usize = 10;

/// Most different values of a tag that are counted apart.
const MAX_DIFFERENT: usize = 1_000;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    let issue_methods = takes("GET, PUT");
    app.service(web::resource("/api/issues").get(issues).delete(clear).default_service(takes("GET, DELETE")))
        .service(web::resource("/api/issues/{id}").get(issue).put(decide).default_service(issue_methods))
        .service(get("/api/issues/{id}/facts").get(facts))
        .service(get("/api/events").get(events))
        .service(get("/api/events/{id}").get(event));
}

async fn issues(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let query = match filter.search() {
        Ok(query) => query,
        Err(bad) => return unreadable(&bad),
    };
    let page = store.read(|state| {
        let mut issues = searched(state, query);
        match filter.sort {
            Sort::LastSeen => {}
            Sort::FirstSeen => issues.sort_by(|one, other| other.first_seen.total_cmp(&one.first_seen)),
            Sort::Count => issues.sort_by_key(|issue| std::cmp::Reverse(issue.count)),
            Sort::Users => issues.sort_by_key(|issue| std::cmp::Reverse(issue.users)),
        }
        filter.page(MAX_LIMIT, issues.into_iter())
    });
    HttpResponse::Ok().json(Issues { issues: page.entries, more: page.more })
}

/// The issues that have an event that fits. Of an issue without any event that is held, its latest is what it shows.
fn searched(state: &State, query: Query) -> Vec<&Issue> {
    let (of_issue, of_events) = query.split(is_of_issue);
    let (mut fitting, mut held) = (HashSet::new(), HashSet::new());
    if !of_events.is_empty() {
        for event in state.events.iter() {
            let id = event.summary.issue_id.as_str();
            held.insert(id);
            if !fitting.contains(id) && of_events.fits(event) {
                fitting.insert(id);
            }
        }
    }
    let has_event = |issue: &Issue| {
        of_events.is_empty()
            || fitting.contains(issue.id.as_str())
            || (!held.contains(issue.id.as_str()) && of_events.fits(issue))
    };
    let all = state.issues.newest_first().into_iter();
    all.filter(|issue| of_issue.fits(*issue) && has_event(issue)).collect()
}

/// Transactions, logs and the rest stay.
async fn clear(store: web::Data<Store>) -> HttpResponse {
    store.clear_issues();
    HttpResponse::NoContent().finish()
}

async fn issue(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    found("issue", store.read(|state| state.issues.get(&id).cloned()))
}

async fn decide(
    id: web::Path<String>,
    decision: web::Json<Decision>,
    store: web::Data<Store>,
) -> HttpResponse {
    found("issue", store.decide(&id, decision.status))
}

async fn facts(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let facts = store.read(|state| {
        let history = state.issues.history(&id)?;
        let over_time = over_time(history.minutes(), timestamp::now());
        let (events, tags) = tags(state, &id);
        Some(IssueFacts { releases: history.releases(), over_time, events, tags })
    });
    found("issue", facts)
}

/// How many events of an issue are held, and the values of their tags.
fn tags(state: &State, issue: &str) -> (usize, Vec<TagFacts>) {
    let mut counts: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    let mut events = 0;
    for event in state.events.iter().rev().filter(|it| it.summary.issue_id == issue) {
        events += 1;
        let mut names = HashSet::new();
        for (name, value) in event.facts.iter().filter(|(name, _)| names.insert(name.as_str())) {
            if counts.len() >= MAX_TAGS && !counts.contains_key(name.as_str()) {
                continue;
            }
            let (of_name, values) = counts.entry(name).or_default();
            *of_name += 1;
            if values.len() < MAX_DIFFERENT || values.contains_key(value.as_str()) {
                *values.entry(value).or_default() += 1;
            }
        }
    }
    let tag = |(name, (events, values)): (&str, (usize, BTreeMap<&str, usize>))| {
        let different = values.len();
        let mut values: Vec<_> =
            values.into_iter().map(|(value, count)| TagValue { value: value.to_owned(), count }).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.count));
        values.truncate(MAX_VALUES);
        TagFacts { name: name.to_owned(), events, different, values }
    };
    let mut tags: Vec<_> = counts.into_iter().map(tag).collect();
    tags.sort_by_key(|tag| std::cmp::Reverse(tag.events));
    (events, tags)
}

async fn events(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let query = match filter.search() {
        Ok(query) => query,
        Err(bad) => return unreadable(&bad),
    };
    let page = store.read(|state| summaries(state, &filter, &query));
    HttpResponse::Ok().json(Events { events: page.entries, more: page.more })
}

pub(super) fn summaries(state: &State, filter: &Filter, query: &Query) -> Page<EventSummary> {
    let fits = |it: &EventSummary| {
        filter.fits(it.run_id.as_ref(), it.trace_id.as_ref())
            && wanted(filter.issue.as_ref(), Some(&it.issue_id))
    };
    let newest_first = state.events.iter().rev();
    let fitting = newest_first.filter(|event| fits(&event.summary) && query.fits(*event));
    filter.page(LIMIT, fitting.map(|event| &event.summary))
}

/// An event and what is known about it. Its payload goes out as it came in.
async fn event(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let details = store.read(|state| {
        let event = state.event(&plain(&id))?;
        let (previous, next) = state.neighbours(event);
        let about = |it: &&Feedback| it.event_id.as_ref() == Some(&event.summary.event_id);
        Some(EventDetails {
            summary: event.summary.clone(),
            issue: state.issues.get(&event.summary.issue_id).cloned(),
            attachments: state.attachments.of_event(&event.summary.event_id),
            feedback: state.feedback.iter().rev().filter(about).cloned().collect(),
            previous,
            next,
            dsc: event.dsc.clone(),
            event: event.payload.clone(),
        })
    });
    found("event", details)
}

//! A search that no index helps: the server reads every document to find a few.
//!
//! No event: look at the trace, where one `db` span takes nearly all of the time. The first call makes the documents,
//! so its trace shows the inserts, too.

use actix_web::{HttpResponse, web};
use database::Database;
use scenario::{Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use super::unreachable;
use crate::domain::rounds::{ROUNDS, Rounds};

pub(super) static SLOW_QUERY: Scenario = Scenario {
    name: "slow-query",
    method: Method::Get,
    path: "/api/debug/slow-query",
    title: "A search without an index",
    demonstrates: "a slow query as a span of the driver's own, without a line of code at the query",
    look_for: "the span debug_rounds.find on the trace, and its share of the request's time",
    expect: Expect::answer(200),
    without_database: Some(unreachable(&["request", "rounds"])),
    heavy: true,
    route: |route| route.to(search),
    ..Scenario::PLAIN
};

async fn search(rounds: web::Data<Rounds>, database: web::Data<Database>) -> Result<HttpResponse, Failure> {
    let found = rounds.disputed(&database).await?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "completed",
        "duration_seconds": found.duration.as_secs_f64(),
        "result_count": found.rounds,
        "performance_impact": format!("read {ROUNDS} documents to find {}: no index", found.rounds),
    })))
}

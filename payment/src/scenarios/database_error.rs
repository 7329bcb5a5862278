//! A search with an operator that the server does not know; where no server is reachable, that is the error.
//!
//! Look for the server's code in the tag `db.code`, which decides the issue, for operation and collection in the
//! context `database_error`, and for the `db` span that failed.

use actix_web::{HttpResponse, web};
use database::Database;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use crate::domain::payments;

pub(super) static DATABASE_ERROR: Scenario = Scenario {
    name: "database-error",
    method: Method::Get,
    path: "/debug/database-error",
    title: "A search that the server rejects",
    demonstrates: "the driver's real error: the server's code, the operation and the collection on the event",
    look_for: "the tag db.code 2, the context database_error, the failed db span on the trace",
    expect: Expect::event(
        500,
        event("MongoServerError", &["payment", "database", "2"], &["request", "payments", "db"]),
    ),
    without_database: Some(Expect::event(
        500,
        event("MongoConnectionError", &["payment", "database", "unreachable"], &["request", "payments"]),
    )),
    route: |route| route.to(find),
    ..Scenario::PLAIN
};

const fn event(
    ty: &'static str,
    fingerprint: &'static [&'static str],
    breadcrumbs: &'static [&'static str],
) -> Event {
    Event::error(ty, fingerprint).breadcrumbs(breadcrumbs).contexts(&["database_error"])
}

async fn find(database: web::Data<Database>) -> Result<HttpResponse, Failure> {
    let found = payments::settle_dispute(&database, 25.0).await?;
    Ok(HttpResponse::Ok().json(json!({ "found": found })))
}

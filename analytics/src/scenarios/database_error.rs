//! An aggregation with a stage that the server does not know; where no server is reachable, that is the error.
//!
//! Look for the server's code in the tag `db.code`, which decides the issue, for operation and collection in the
//! context `database_error`, and for the `db` span that failed.

use actix_web::{HttpResponse, web};
use database::Database;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use super::unreachable;
use crate::domain::statistics::typical_bettors;

pub(super) static DATABASE_ERROR: Scenario = Scenario {
    name: "database-error",
    method: Method::Get,
    path: "/api/debug/database-error",
    title: "An aggregation that the server rejects",
    demonstrates: "the driver's real error: the server's code, the operation and the collection on the event",
    look_for: "the tag db.code 40324, the context database_error, the failed db span on the trace",
    expect: Expect::event(
        500,
        Event::error("MongoServerError", &["analytics", "database", "40324"])
            .breadcrumbs(&["request", "statistics", "db"])
            .contexts(&["database_error"]),
    ),
    without_database: Some(unreachable(&["request", "statistics"])),
    route: |route| route.to(aggregate),
    ..Scenario::PLAIN
};

async fn aggregate(database: web::Data<Database>) -> Result<HttpResponse, Failure> {
    let players = typical_bettors(&database).await?;
    Ok(HttpResponse::Ok().json(json!({ "players": players })))
}

//! A payment that an older service stored, with its amount as text.
//!
//! Look for serde's own words below the `TypeError`: which type it met, which it expected, and where.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Level, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use crate::domain::payments;

pub(super) static TYPE_ERROR: Scenario = Scenario {
    name: "type-error",
    method: Method::Get,
    path: "/debug/type-error",
    title: "A stored payment of another shape",
    demonstrates: "a typed error with its cause chain and the stack of its origin",
    look_for: "the cause below the TypeError; line and column in the context stored_payment",
    parameters: &[],
    expect: Expect::event(
        500,
        Event {
            level: Level::Error,
            ty: Some("TypeError"),
            message: None,
            handled: Some(true),
            fingerprint: &["payment", "TypeError"],
            breadcrumbs: &["request", "payments"],
            contexts: &["stored_payment"],
        },
    ),
    without_database: None,
    heavy: false,
    unavailable: None,
    route: |route| route.to(read),
    active: None,
};

async fn read() -> Result<HttpResponse, Failure> {
    let payment = payments::decode(payments::STORED)?;
    Ok(HttpResponse::Ok().json(json!({ "payment_id": payment.payment_id, "amount": payment.amount })))
}

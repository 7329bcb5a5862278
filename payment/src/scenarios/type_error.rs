//! A payment that an older service stored, with its amount as text.
//!
//! Look for serde's own words below the `TypeError`: which type it met, which it expected, and where.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use crate::domain::payments;

pub(super) static TYPE_ERROR: Scenario = Scenario {
    name: "type-error",
    method: Method::Get,
    path: "/debug/type-error",
    title: "A stored payment of an unexpected shape",
    demonstrates: "a typed error with its cause chain and the stack of its origin",
    look_for: "the cause below the TypeError; line and column in the context stored_payment",
    expect: Expect::event(
        500,
        Event::error("TypeError", &["payment", "TypeError"])
            .breadcrumbs(&["request", "payments"])
            .contexts(&["stored_payment"]),
    ),
    route: |route| route.to(read),
    ..Scenario::PLAIN
};

async fn read() -> Result<HttpResponse, Failure> {
    let payment = payments::refund(payments::STORED)?;
    Ok(HttpResponse::Ok().json(json!({ "payment_id": payment.payment_id, "amount": payment.amount })))
}

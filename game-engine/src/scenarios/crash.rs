//! A winning line of diamonds, a symbol that the paytable has no row for: the lookup panics.
//!
//! Look for the fatal, unhandled event whose top frame is the lookup in `domain::paytable`, for the breadcrumb that
//! names the symbol, and for the transaction that is finished with `internal_error` all the same.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};

use crate::domain::paytable::{Symbol, payout};

pub(super) static CRASH: Scenario = Scenario {
    name: "crash",
    method: Method::Get,
    path: "/debug/crash",
    title: "A panic in the paytable",
    demonstrates: "an unhandled panic: one fatal event, a 500, and a process that keeps running",
    look_for: "the top frame domain::paytable::multiplier, mechanism panic, handled no; the crashed session",
    expect: Expect::event(
        500,
        Event::panic("RuntimeError", &["{{ default }}", "RuntimeError"])
            .breadcrumbs(&["request", "paytable"])
            .contexts(&["paytable"]),
    ),
    route: |route| route.to(crash),
    ..Scenario::PLAIN
};

async fn crash() -> HttpResponse {
    let payout = payout(Symbol::Diamond, 500);
    HttpResponse::Ok().json(payout)
}

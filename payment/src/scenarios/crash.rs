//! A player sends money to themselves: the wallet is taken twice, and the second time panics.
//!
//! Look for the fatal, unhandled event whose top frame is the transfer, for the breadcrumb and the context that name
//! sender and receiver, and for the transaction that is finished with `internal_error` all the same.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use serde_json::json;

use crate::domain::wallet::{transfer, wallet};

pub(super) static CRASH: Scenario = Scenario {
    name: "crash",
    method: Method::Get,
    path: "/debug/crash",
    title: "A transfer from a wallet to itself panics",
    demonstrates: "an unhandled panic: one fatal event, a 500, and a process that keeps running",
    look_for: "the top frame domain::wallet::transfer, mechanism panic, handled no; the crashed session",
    expect: Expect::event(
        500,
        Event::panic("Error", &["{{ default }}", "Error"])
            .breadcrumbs(&["request", "wallet"])
            .contexts(&["transfer"]),
    ),
    route: |route| route.to(crash),
    ..Scenario::PLAIN
};

async fn crash() -> HttpResponse {
    let own = wallet("player-7", 100_000);
    let left = transfer(&own, &own, 2_500);
    HttpResponse::Ok().json(json!({ "left_cents": left }))
}

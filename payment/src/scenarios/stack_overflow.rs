//! A referral chain that refers back to itself: the recursion runs until a guard sees the stack's end, or, with
//! `mode=native`, until the stack itself ends.
//!
//! Guarded, look for the fatal `RangeError` whose frames are the recursion itself, as many as Sentry keeps, and for the
//! depth in the context `stack_overflow`. The process lives: the guard leaves enough stack to report it.
//!
//! No process survives a real overflow, so a child process has it. Look for the fatal `SIGSEGV` with the
//! mechanism `signalhandler` and its signal, for the frames of a process that is gone, and for the trace and the user of
//! the request that this process served all the while.

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario};
use sentry_context::facts;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use sentry_native::native_crash::{self, CrashChild};
use serde_json::json;

use crate::domain::referrals;

const MODES: &[&str] = &["guarded", "native"];
static GUARDED_MODE: Parameter = Parameter::choice("mode", "guarded", MODES);
static NATIVE_MODE: Parameter = Parameter::choice("mode", "native", MODES);

pub(super) static GUARDED: Scenario = Scenario {
    name: "stack-overflow",
    method: Method::Get,
    path: "/debug/stack-overflow",
    title: "A referral chain without end",
    demonstrates: "a runaway recursion, cut before the stack ends and reported with its frames",
    look_for: "the same frame repeated; depth_reached in the context stack_overflow",
    parameters: &[&GUARDED_MODE],
    expect: Expect::event(
        500,
        Event::exception(Level::Fatal, "RangeError", true, &["payment", "RangeError"])
            .breadcrumbs(&["request", "referrals", "referrals"])
            .contexts(&["stack_overflow"]),
    ),
    route: |route| route.to(overflow),
    ..Scenario::PLAIN
};

pub(super) static NATIVE: Scenario = Scenario {
    name: "stack-overflow-native",
    method: Method::Get,
    path: "/debug/stack-overflow",
    title: "The same chain in a child process that crashes",
    demonstrates: "a real native crash: a signal ends a child process, and the service reports its stack",
    look_for: "mechanism signalhandler with its signal; the frames of domain::referrals in the crashed process",
    parameters: &[&NATIVE_MODE],
    expect: Expect::event(
        500,
        Event::exception(Level::Fatal, "SIGSEGV", false, &["payment", "native-crash", "SIGSEGV"])
            .breadcrumbs(&["request", "referrals"])
            .contexts(&["native_crash"]),
    ),
    unavailable: native_crash::UNAVAILABLE,
    route: |route| route.to(overflow),
    ..Scenario::PLAIN
};

async fn overflow(request: HttpRequest, crash_child: web::Data<CrashChild>) -> Result<HttpResponse, Failure> {
    if GUARDED_MODE.choose(&request)? == "native" {
        let data = facts([("mode", "native".into())]);
        let _step = Step::begin("referrals", "resolving the referral chain in a process of its own", data);
        let _child = Step::silent("subprocess", "the child process");
        return Err(crash_child.crash().await?.into());
    }
    let cents = referrals::bonus("alice", 100_000)?;
    Ok(HttpResponse::Ok().json(json!({ "bonus_cents": cents })))
}

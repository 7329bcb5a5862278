//! The binary itself: how it refuses to start, and how it ends.

use fixtures::common::binary::{
    checks_its_own_health, delivers_what_is_queued_at_sigterm, refuses_bad_settings, refuses_bad_urls,
    serves_without_a_dsn,
};
use fixtures::common::profiles::sentry_takes_its_chunks;

use crate::helpers::spawn_process;

const BINARY: &str = env!("CARGO_BIN_EXE_payment");

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    refuses_bad_settings(
        BINARY,
        &[
            ("MEMORY_LEAK_LIMIT_MB", "0"),
            ("STALL_THRESHOLD_MS", "50"),
            ("MONGODB_URL", "postgres://127.0.0.1"),
        ],
    );
}

#[test]
fn a_bad_url_or_dsn_is_refused_by_its_variable_without_a_part_of_its_secrets() {
    refuses_bad_urls(BINARY);
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    delivers_what_is_queued_at_sigterm(BINARY, "/debug/crash").await;
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    serves_without_a_dsn(BINARY, ("/debug/type-error", "TypeError"), "/debug/crash").await;
}

#[actix_web::test]
async fn the_binary_checks_the_health_of_a_running_service_and_makes_no_transaction() {
    checks_its_own_health(BINARY).await;
}

#[actix_web::test]
async fn a_failure_that_nobody_awaits_makes_its_session_a_crashed_one() {
    let mut app = spawn_process().await;
    assert_eq!(app.get("/debug/promise-rejection").await.status, 200);
    app.inbox.wait_until("the failure", |inbox| inbox.events().len() == 1).await.unwrap();
    // Sessions are sent once a minute, and at the end.
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    let sessions = app.inbox.sessions();
    assert_eq!((sessions[0].crashed, sessions[0].exited), (1, 0), "{sessions:?}");
}

#[actix_web::test]
async fn sentry_takes_its_chunks_and_finds_the_hot_function() {
    sentry_takes_its_chunks(
        BINARY,
        "payment-service@1.0.0",
        "/debug/event-loop-block?seconds=2",
        "::compare_all_pairs",
    )
    .await;
}

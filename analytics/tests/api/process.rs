//! The binary itself: how it refuses to start, and how it ends.

use fixtures::common::binary::{
    checks_its_own_health, delivers_what_is_queued_at_sigterm, refuses_bad_settings, refuses_bad_urls,
    serves_without_a_dsn,
};
use fixtures::common::profiles::sentry_takes_its_chunks;

const BINARY: &str = env!("CARGO_BIN_EXE_analytics");

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    refuses_bad_settings(
        BINARY,
        &[
            ("MONGODB_URL", "postgres://127.0.0.1"),
            ("MONGODB_URL", "mongodb://"),
            ("DAY_REPORT_MINUTES", "1.5"),
            ("DAY_REPORT_MINUTES", "1441"),
        ],
    );
}

#[test]
fn a_bad_url_or_dsn_is_refused_by_its_variable_without_a_part_of_its_secrets() {
    refuses_bad_urls(BINARY);
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    delivers_what_is_queued_at_sigterm(BINARY, "/api/debug/crash").await;
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    serves_without_a_dsn(BINARY, ("/api/debug/validation-error", "ValidationError"), "/api/debug/crash")
        .await;
}

#[actix_web::test]
async fn the_binary_checks_the_health_of_a_running_service_and_makes_no_transaction() {
    checks_its_own_health(BINARY).await;
}

#[actix_web::test]
async fn sentry_takes_its_chunks_and_finds_the_hot_function() {
    sentry_takes_its_chunks(
        BINARY,
        "analytics-service@1.0.0",
        "/api/debug/memory-spike",
        "domain::revenue::monthly",
    )
    .await;
}

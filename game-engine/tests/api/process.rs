//! The binary itself: how it refuses to start, and how it ends.

use database::mongodb::Client;
use database::mongodb::bson::{Document, doc};
use fixtures::app::wait_for;
use fixtures::common::binary::{
    checks_its_own_health, delivers_what_is_queued_at_sigterm, refusal, refuses_bad_settings,
    refuses_bad_urls, serves_without_a_dsn,
};
use fixtures::mongo::Server;
use fixtures::rabbit::Broker;
use fixtures::service::Service;
use serde_json::json;

use crate::delivery::BINARY;
use crate::helpers::{answer, http};

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    refuses_bad_settings(
        BINARY,
        &[
            ("MEMORY_LEAK_LIMIT_MB", "0"),
            ("SENTRY_SPOOL_DIR", "/dev/null/spool"),
            ("SENTRY_SPOTLIGHT", "ftp://localhost/stream"),
            ("LOG_FORMAT", "xml"),
            ("RUST_LOG", "payment=loud"),
            ("SENTRY_ENVIRONMENT", "a/b"),
            ("SENTRY_ENVIRONMENT", "None"),
            ("SENTRY_ENVIRONMENT", &"e".repeat(65)),
            ("APP_VERSION", ".."),
            ("APP_VERSION", "1/2"),
            ("APP_VERSION", &"1".repeat(190)),
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
    serves_without_a_dsn(BINARY, ("/debug/error/value", "ValueError"), "/debug/crash").await;
}

#[actix_web::test]
async fn the_binary_checks_the_health_of_a_running_service_and_makes_no_transaction() {
    checks_its_own_health(BINARY).await;
}

#[test]
fn a_bad_line_of_fingerprint_rules_stops_the_start_with_its_place_and_what_is_allowed() {
    let rules = format!("{}/bad.rules", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&rules, "# comment\nlevel:error -> a\nlevle:error -> b\n").unwrap();
    let reported = refusal(BINARY, &[("FINGERPRINT_RULES", &rules)]);
    let place = format!("{rules}: line 3, column 1: unknown matcher `levle`; there are error.type");
    assert!(reported.contains(&place), "{reported}");
}

#[test]
fn a_value_with_a_line_break_is_reported_in_one_line() {
    for name in ["APP_VERSION", "SENTRY_ENVIRONMENT"] {
        let reported = refusal(BINARY, &[(name, "one\ntwo")]);
        assert!(reported.contains(&format!(r"{name}=one\ntwo is not valid")), "{reported}");
    }
}

#[test]
fn a_token_that_no_client_can_send_stops_the_start_and_is_not_reported() {
    for token in ["s3cr et", "s3cret\n", "s3crét", &"s3cret".repeat(100)] {
        let reported = refusal(BINARY, &[("DEBUG_TOKEN", token)]);
        assert!(
            reported.contains("DEBUG_TOKEN=[hidden] is not valid") && !reported.contains("s3cr"),
            "{reported}"
        );
    }
}

#[test]
fn rules_in_no_regular_file_or_a_large_one_stop_the_start_with_what_is_allowed() {
    let large = format!("{}/large.rules", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&large, "# a comment\n".repeat(100_000)).unwrap();
    for path in [large.as_str(), "/dev/zero", "/dev/stdin", env!("CARGO_TARGET_TMPDIR")] {
        let reported = refusal(BINARY, &[("FINGERPRINT_RULES", path)]);
        assert!(
            reported.contains(&format!("FINGERPRINT_RULES={path}")) && reported.contains("at most 1 MiB"),
            "{reported}"
        );
    }
}

#[actix_web::test]
async fn the_data_is_in_one_database_and_the_default_host_whatever_the_urls_end_in() {
    let (Some(server), Some(broker)) = (Server::start(), Broker::start()) else { return };
    let client = Client::with_uri_str(server.url()).await.unwrap();
    let games = |database: &str| client.database(database).collection::<Document>("games");
    for (number, (database, host)) in
        [("/admin", "/"), ("", ""), ("/other?retryWrites=false", "/%2f")].iter().enumerate()
    {
        let (mongodb, rabbitmq) = (server.url() + database, broker.url() + host);
        let service = Service::start(BINARY, &[("MONGODB_URL", &mongodb), ("RABBITMQ_URL", &rabbitmq)]);
        let url = service.url();
        let ready = json!({ "status": "ready", "mongodb": "up", "rabbitmq": "up" });
        wait_for("the database and the broker", &format!("{url}/ready"), |answer| answer.body == ready).await;
        let spin = http().post(format!("{url}/calculate")).json(&json!({ "userId": "a", "bet": 1 }));
        assert_eq!(answer(spin).await.status, 200);
        assert_eq!(games("sentry_poc").count_documents(doc! {}).await.unwrap(), number as u64 + 1);
    }
    for other in ["admin", "other"] {
        assert_eq!(games(other).count_documents(doc! {}).await.unwrap(), 0, "{other}");
    }
}

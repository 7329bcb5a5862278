//! The binary itself: how it refuses to start, and how it ends.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use database::mongodb::Client;
use database::mongodb::bson::{Document, doc};
use fixtures::mongo::Server;
use fixtures::rabbit::Broker;
use fixtures::secrets::assert_bad_urls_are_refused;
use fixtures::service::Service;
use inbox::{Answer, Inbox};
use serde_json::json;

use crate::delivery::{copies_to, in_trouble};
use crate::helpers::{answer, http, spawn_process_with};

const BINARY: &str = env!("CARGO_BIN_EXE_game-engine");

fn binary(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PORT", "0").envs(environment.iter().copied()).stderr(Stdio::piped());
    command
}

fn refusal(environment: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = binary(environment).output().unwrap();
    let reported = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{environment:?}: {reported}");
    assert_eq!(reported.lines().count(), 1, "{environment:?}: {reported}");
    reported
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    for (name, value) in [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("HOST", "nowhere"),
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5"),
        ("DEBUG_ENDPOINTS", "maybe"),
        ("MEMORY_LEAK_LIMIT_MB", "0"),
        ("FINGERPRINT_RULES", "/no/such/file"),
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
    ] {
        let reported = refusal(&[(name, value)]);
        assert!(reported.contains(name) && reported.contains(value), "{name}={value}: {reported}");
    }
}

#[test]
fn a_bad_line_of_fingerprint_rules_stops_the_start_with_its_place_and_what_is_allowed() {
    let rules = format!("{}/bad.rules", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&rules, "# comment\nlevel:error -> a\nlevle:error -> b\n").unwrap();
    let reported = refusal(&[("FINGERPRINT_RULES", &rules)]);
    let place = format!("{rules}: line 3, column 1: unknown matcher `levle`; there are error.type");
    assert!(reported.contains(&place), "{reported}");
}

#[test]
fn a_value_with_a_line_break_is_reported_in_one_line() {
    for name in ["APP_VERSION", "SENTRY_ENVIRONMENT"] {
        let reported = refusal(&[(name, "one\ntwo")]);
        assert!(reported.contains(&format!(r"{name}=one\ntwo is not valid")), "{reported}");
    }
}

#[test]
fn a_token_that_no_client_can_send_stops_the_start_and_is_not_reported() {
    for token in ["s3cr et", "s3cret\n", "s3crét", &"s3cret".repeat(100)] {
        let reported = refusal(&[("DEBUG_TOKEN", token)]);
        assert!(
            reported.contains("DEBUG_TOKEN=[hidden] is not valid") && !reported.contains("s3cr"),
            "{reported}"
        );
    }
}

#[test]
fn a_bad_dsn_does_not_tell_its_key() {
    let reported = refusal(&[("SENTRY_DSN", "not a dsn")]);
    assert!(
        reported.contains("SENTRY_DSN=[hidden] is not valid: a DSN such as https://key@host/1"),
        "{reported}"
    );
    let reported = refusal(&[("SENTRY_SPOTLIGHT", "perhaps")]);
    assert!(reported.contains("SENTRY_SPOTLIGHT=[hidden] is not valid: 1, true"), "{reported}");
    let reported = refusal(&[("SENTRY_DSN", "https://publickey:secretkey@sentry.example")]);
    assert!(!reported.contains("publickey") && !reported.contains("secretkey"), "{reported}");
}

#[test]
fn a_bad_url_is_refused_by_its_variable_without_a_part_of_its_secrets() {
    assert_bad_urls_are_refused(refusal);
}

#[test]
fn rules_in_no_regular_file_or_a_large_one_stop_the_start_with_what_is_allowed() {
    let large = format!("{}/large.rules", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&large, "# a comment\n".repeat(100_000)).unwrap();
    for path in [large.as_str(), "/dev/zero", "/dev/stdin", env!("CARGO_TARGET_TMPDIR")] {
        let reported = refusal(&[("FINGERPRINT_RULES", path)]);
        assert!(
            reported.contains(&format!("FINGERPRINT_RULES={path}")) && reported.contains("at most 1 MiB"),
            "{reported}"
        );
    }
}

#[test]
fn a_taken_port_stops_the_start_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let reported = refusal(&[("PORT", &port)]);
    assert!(reported.contains(&port), "{reported}");
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    let encoded = Inbox::start().await.unwrap();
    let mut app = spawn_process_with(&[("SENTRY_SPOTLIGHT", &copies_to(&encoded))]).await;
    app.inbox.set_answer(in_trouble());
    // Few enough for the five seconds that a shutdown has, on a busy machine too.
    for _ in 0..10 {
        assert_eq!(app.get("/debug/crash").await.status, 500);
    }
    encoded.wait_until("ten encoded crashes", |inbox| inbox.events().len() >= 10).await.unwrap();
    app.inbox.set_answer(Answer::default());
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    assert_eq!(app.inbox.events().len(), 10);
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    let service = Service::start(BINARY, &[]);
    let get = |path: &str| answer(http().get(format!("{}/debug/{path}", service.url())));
    let failed = get("error/value").await;
    assert_eq!((failed.status, &failed.body["type"]), (500, &json!("ValueError")));
    assert!(failed.body.get("event_id").is_none(), "{failed:?}");
    assert_eq!(get("crash").await.status, 500);
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
        while answer(http().get(format!("{url}/ready"))).await.body != ready {
            tokio::task::yield_now().await;
        }
        let spin = http().post(format!("{url}/calculate")).json(&json!({ "userId": "a", "bet": 1 }));
        assert_eq!(answer(spin).await.status, 200);
        assert_eq!(games("sentry_poc").count_documents(doc! {}).await.unwrap(), number as u64 + 1);
    }
    for other in ["admin", "other"] {
        assert_eq!(games(other).count_documents(doc! {}).await.unwrap(), 0, "{other}");
    }
}

#[actix_web::test]
async fn it_tells_of_its_own_health() {
    let service = Service::start(BINARY, &[]);
    let port = service.url().rsplit(':').next().unwrap();
    let healthy = binary(&[("PORT", port), ("HOST", "0.0.0.0")]).arg("healthcheck").output().unwrap();
    assert_eq!(healthy.status.code(), Some(0), "{healthy:?}");
}

//! Check-ins of jobs that use `curl`.

use reqwest::Method;

use crate::helpers::{answer, spawn_app};

#[actix_web::test]
async fn a_job_checks_in_by_any_method_with_a_query_or_a_body() {
    let app = spawn_app().await;
    let path = "/api/1/cron/nightly-settlement/abc/";
    for (method, query, body) in [
        (Method::GET, "?status=in_progress", ""),
        (Method::POST, "?status=ok&duration=1.5&environment=production", ""),
        (Method::PUT, "", r#"{"status":"error"}"#),
    ] {
        let request = app.request(method.clone(), &format!("{path}{query}")).body(body);
        let answer = answer(request).await;
        assert_eq!(answer.status, 200, "{method} {query}: {answer:?}");
    }
    assert_eq!(app.inbox.stats().items["check_in"], 3);
}

#[actix_web::test]
async fn a_check_in_without_a_status_is_refused_and_says_which_there_are() {
    let app = spawn_app().await;
    for (query, body) in [("", ""), ("", "{}"), ("?status", "7"), ("", r#"{"status":1}"#)] {
        let request = app.request(Method::POST, &format!("/api/1/cron/nightly/abc{query}")).body(body);
        assert_eq!(answer(request).await.status, 400, "{query} {body}");
    }
}

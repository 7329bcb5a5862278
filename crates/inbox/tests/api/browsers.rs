//! What browsers send: from pages of any origin, and by themselves.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::helpers::{answer, message, spawn_app};

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[actix_web::test]
async fn a_page_of_any_origin_may_send_and_read_the_limits() {
    let app = spawn_app().await;
    for path in ["/api/1/envelope/", "/api/1/store/", "/api/1/security/"] {
        let preflight = app.request(Method::OPTIONS, path).header("Origin", "https://shop.example");
        let preflight = preflight.header("Access-Control-Request-Method", "POST");
        let asked = "sentry-trace, baggage, x-sentry-auth, content-type";
        let preflight = answer(preflight.header("Access-Control-Request-Headers", asked)).await;
        assert_eq!(preflight.status, 200, "{path}: {preflight:?}");
        assert_eq!(header(&preflight.headers, "access-control-allow-origin"), "*");
        assert!(header(&preflight.headers, "access-control-allow-methods").contains("POST"));
        let allowed = header(&preflight.headers, "access-control-allow-headers").to_lowercase();
        assert!(asked.split(", ").all(|name| allowed.contains(name)), "{allowed}");
    }
    let sent = app.request(Method::POST, "/api/1/envelope/").header("Origin", "https://shop.example");
    let sent = answer(sent.body(message("from a page"))).await;
    assert_eq!((sent.status, header(&sent.headers, "access-control-allow-origin")), (200, "*"));
    let exposed = header(&sent.headers, "access-control-expose-headers");
    assert!(exposed.contains("x-sentry-rate-limits") && exposed.contains("retry-after"), "{exposed}");
}

#[actix_web::test]
async fn a_page_of_another_origin_may_not_read_or_clear() {
    let app = spawn_app().await;
    for (method, path) in [(Method::GET, "/api/issues"), (Method::DELETE, "/api/issues"), (Method::GET, "/")]
    {
        let request = app.request(method, path).header("Origin", "https://shop.example");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
        assert!(answer.headers().get("access-control-allow-origin").is_none(), "{path}");
    }
}

#[actix_web::test]
async fn each_report_of_a_browser_is_an_event() {
    let app = spawn_app().await;
    let reports = [
        (
            json!({ "csp-report": { "document-uri": "https://shop.example/", "violated-directive": "script-src 'self'",
                "effective-directive": "script-src", "blocked-uri": "https://evil.example" } }),
            "Blocked 'script-src' from 'https://evil.example'",
        ),
        (
            json!([{ "type": "csp-violation", "url": "https://shop.example/", "body":
                { "effectiveDirective": "img-src", "blockedURL": "inline", "documentURL": "https://shop.example/" } },
                { "type": "deprecation", "body": {} }]),
            "Blocked 'img-src' from 'inline'",
        ),
        (
            json!({ "expect-ct-report": { "hostname": "shop.example" } }),
            "Expect-CT failed for 'shop.example'",
        ),
        (
            json!({ "expect-staple-report": { "hostname": "shop.example" } }),
            "Expect-Staple failed for 'shop.example'",
        ),
        (
            json!({ "known-pins": ["a"], "hostname": "shop.example" }),
            "Public-Key-Pins failed for 'shop.example'",
        ),
    ];
    for (report, title) in reports {
        let request = app.request(Method::POST, "/api/1/security/?sentry_key=abc");
        let answer =
            answer(request.header("Content-Type", "application/csp-report").body(report.to_string())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(app.issues().await[0]["title"], title);
    }
    assert_eq!(app.inbox.events()[0]["csp"]["blocked-uri"], "https://evil.example");
    for nothing in [json!({}), json!([]), json!([{}]), json!(7), json!({ "csp": {} }), Value::Null] {
        let request = app.request(Method::POST, "/api/1/security/").body(nothing.to_string());
        let answer = answer(request).await;
        assert_eq!(answer.status, 400, "{nothing}");
        assert!(answer.body["error"].as_str().unwrap().contains("csp-report"), "{answer:?}");
    }
}

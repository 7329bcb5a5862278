//! Payloads as they were sent, byte for byte.

use reqwest::Method;

use crate::helpers::spawn_app;

const EVENT: &str = "0123456789abcdef0123456789abcdef";

#[actix_web::test]
async fn a_payload_comes_back_byte_for_byte() {
    let app = spawn_app().await;
    // White space, the order and repetition of names, digits, and escapes: all of it is lost once a payload is read.
    let contents = r#"{ "b":1,  "a": 12345678901234567890.50, "message" : "\u00e9\/", "b":2 }"#;
    for (ty, list) in [("event", "events"), ("transaction", "transactions")] {
        app.accepted(format!("{{\"event_id\":\"{EVENT}\"}}\n{{\"type\":\"{ty}\"}}\n{contents}\n")).await;
        let answer = app.request(Method::GET, &format!("/api/{list}/{EVENT}/json")).send().await.unwrap();
        assert_eq!(answer.headers()["Content-Type"], "application/json", "{ty}");
        assert_eq!(answer.headers()["X-Content-Type-Options"], "nosniff", "{ty}");
        assert_eq!(answer.text().await.unwrap(), contents, "{ty}");
        assert_eq!(app.get(&format!("/api/{list}/x/json")).await.status, 404, "{ty}");
    }
}

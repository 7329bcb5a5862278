use serde_json::json;

use crate::helpers::{exception, spawn_app, top_frame};

#[actix_web::test]
async fn a_stored_payment_of_another_shape_is_reported_with_serdes_own_words() {
    let app = spawn_app().await;
    let answer = app.get("/debug/type-error").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("TypeError")));
    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "error");
    assert_eq!(event["fingerprint"], json!(["payment", "TypeError"]));
    assert_eq!(exception(&event)["mechanism"]["handled"], true);
    assert_eq!(top_frame(&event)["function"], "payment::domain::payments::decode");
    // The root cause comes first.
    let cause = &event["exception"]["values"][0];
    assert!(cause["value"].as_str().unwrap().contains("expected f64"), "{cause}");
    assert_eq!(event["exception"]["values"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn every_event_names_request_runtime_and_scenario() {
    let app = spawn_app().await;
    let answer = app.get("/debug/type-error?token=s3cret").await;
    let event = app.event_of(&answer).await;
    for context in ["app", "device", "os", "trace", "request", "runtime"] {
        assert!(event["contexts"][context].is_object(), "{context} in {}", event["contexts"]);
    }
    assert_eq!(event["tags"]["service"], "payment");
    assert_eq!(event["tags"]["scenario"], "payment.type-error");
    assert_eq!(event["tags"]["error.type"], "TypeError");
    assert_eq!(event["release"], "payment-service@test");
    assert!(!event.to_string().contains("s3cret"), "{event}");
}

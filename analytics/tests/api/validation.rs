use sentry_context::fingerprint::Rules;
use sentry_context::sentry::protocol::{Event, Exception};
use serde_json::{Value, json};

use crate::helpers::{App, exception, spawn_app, top_frame};

const PATH: &str = "/api/debug/validation-error";

/// The mistakes of a body, as `(field, type, input)`.
async fn mistakes(app: &App, body: Value) -> Vec<(String, String, Value)> {
    let answer = app.post(PATH, body.to_string()).await;
    assert_eq!((answer.status, &answer.body["type"]), (422, &json!("RequestValidationError")), "{body}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reported = |detail: &Value| {
        assert_eq!(detail["loc"][0], "body");
        assert!(!text(&detail["msg"]).is_empty(), "{detail}");
        (text(&detail["loc"][1]), text(&detail["type"]), detail["input"].clone())
    };
    answer.body["detail"].as_array().unwrap().iter().map(reported).collect()
}

fn mistake(field: &str, kind: &str, input: Value) -> (String, String, Value) {
    (field.to_owned(), kind.to_owned(), input)
}

#[actix_web::test]
async fn invalid_data_of_the_service_is_one_event_with_its_fields() {
    let app = spawn_app().await;
    let answer = app.get(PATH).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("ValidationError")));
    let details = answer.body["detail"].as_array().unwrap();
    let places: Vec<_> = details.iter().map(|detail| &detail["loc"]).collect();
    assert_eq!(places, [&json!(["body", "age"]), &json!(["body", "email"]), &json!(["body", "user_id"])]);
    assert_eq!(
        details[0],
        json!({
            "type": "greater_than_equal",
            "loc": ["body", "age"],
            "msg": "Input should be greater than or equal to 18",
            "input": -5,
        })
    );

    let event = app.event_of(&answer).await;
    assert_eq!((&event["level"], &exception(&event)["type"]), (&json!("error"), &json!("ValidationError")));
    assert_eq!(event["tags"]["validation.fields"], "age,email,user_id");
    assert_eq!(event["fingerprint"], json!(["analytics", "validation", "age,email,user_id"]));
    assert_eq!(event["contexts"]["validation_error"]["errors"][1]["type"], "value_error");
    assert_eq!(top_frame(&event)["function"], "analytics::domain::player::Player::read");
}

#[actix_web::test]
async fn a_valid_registration_is_200() {
    let app = spawn_app().await;
    let player = json!({ "user_id": "alice", "age": 18, "email": "alice@casino.example" });
    let answer = app.post(PATH, player.to_string()).await;
    assert_eq!((answer.status, &answer.body["data"]), (200, &player));
}

#[actix_web::test]
async fn every_mistake_of_the_caller_is_reported_and_none_is_an_event() {
    let app = spawn_app().await;
    let empty = json!({});
    let missing = ["age", "email", "user_id"].map(|field| mistake(field, "missing", empty.clone()));
    assert_eq!(mistakes(&app, empty).await, missing);

    let wrong = json!({ "user_id": 7, "age": "18", "email": null });
    let found = [
        mistake("age", "int_type", json!("18")),
        mistake("email", "string_type", json!(null)),
        mistake("user_id", "string_type", json!(7)),
    ];
    assert_eq!(mistakes(&app, wrong).await, found);

    let beyond = json!({ "user_id": "", "age": 121, "email": "nobody" });
    let found = [
        mistake("age", "less_than_equal", json!(121)),
        mistake("email", "value_error", json!("nobody")),
        mistake("user_id", "string_too_short", json!("")),
    ];
    assert_eq!(mistakes(&app, beyond).await, found);

    // A mistake of type in one field hides none of value in another.
    let mixed = json!({ "user_id": "alice", "age": 1e30, "email": "nobody" });
    let found = [mistake("age", "int_type", json!(1e30)), mistake("email", "value_error", json!("nobody"))];
    assert_eq!(mistakes(&app, mixed).await, found);

    let transaction = app.transaction(&format!("POST {PATH}")).await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "invalid_argument");
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}

#[actix_web::test]
async fn a_body_that_is_no_registration_at_all_is_refused() {
    let app = spawn_app().await;
    let empty = app.post(PATH, "").await;
    assert_eq!((empty.status, &empty.body["detail"][0]["type"]), (422, &json!("missing")));
    let list = app.post(PATH, "[1]").await;
    assert_eq!((list.status, &list.body["detail"][0]["type"]), (422, &json!("model_attributes_type")));
    for broken in ["{", "no json", "\u{0}", "{\"age\":18}}"] {
        let answer = app.post(PATH, broken).await;
        assert_eq!((answer.status, &answer.body["type"]), (400, &json!("BadRequest")), "{broken}");
        assert!(answer.body["detail"].is_string(), "{answer:?}");
    }
    let long = app.post(PATH, format!("{{\"user_id\":\"{}\"}}", "u".repeat(100_000))).await;
    assert_eq!((long.status, &long.body["type"]), (413, &json!("PayloadTooLarge")));
}

#[actix_web::test]
async fn a_long_input_is_not_repeated_whole() {
    let app = spawn_app().await;
    let long = "u".repeat(40_000);
    let body = app.post(PATH, json!({ "user_id": "alice", "age": 18, "email": long }).to_string()).await;
    let query = app.get(&format!("/api/v1/analytics/daily-stats?days={}", &long[..8_000])).await;
    for answer in [body, query] {
        assert_eq!(answer.status, 422);
        let shown = answer.body["detail"][0]["input"].as_str().unwrap();
        assert!(shown.starts_with("uuu") && shown.ends_with(" bytes)"), "{shown}");
        assert!(answer.body.to_string().len() < 2_000, "{answer:?}");
    }
}

#[test]
fn each_set_of_failing_fields_is_an_issue_of_its_own() {
    let rules: Rules = analytics::settings::SERVICE.fingerprint_rules.parse().unwrap();
    let fingerprint = |fields: &str| {
        let exception = Exception { ty: "ValidationError".to_owned(), ..Exception::default() };
        let mut event = Event { exception: vec![exception].into(), ..Event::default() };
        event.tags.extend(
            [("service", "analytics"), ("validation.fields", fields)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        rules.fingerprint(&event).unwrap()
    };
    assert_eq!(fingerprint("age,email"), ["analytics", "validation", "age,email"]);
    assert_eq!(fingerprint("age"), ["analytics", "validation", "age"]);
}

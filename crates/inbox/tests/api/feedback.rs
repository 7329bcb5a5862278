//! What users say.

use serde_json::json;

use crate::helpers::{EVENT_ID, envelope, exception, new_id, spawn_app, with};

#[actix_web::test]
async fn a_user_report_stands_beside_its_event() {
    let app = spawn_app().await;
    let about = app.event(exception("E", "v", "f")).await;
    let report =
        json!({ "event_id": about, "name": "Ann", "email": "ann@example.com", "comments": "It broke." });
    app.accepted(envelope(json!({ "event_id": about }), &[("user_report", report)])).await;
    let shown = app.get(&format!("/api/events/{about}")).await.body;
    let said = &shown["feedback"][0];
    assert_eq!((&said["name"], &said["message"]), (&json!("Ann"), &json!("It broke.")));
    assert_eq!(said["email"], "ann@example.com");
    assert_eq!(app.inbox.issues()[0].count, 1, "it is no event");
}

#[actix_web::test]
async fn feedback_is_listed_with_what_it_is_about_and_its_screenshot() {
    let app = spawn_app().await;
    let about = app.event(json!({ "message": "it" })).await;
    let context = json!({ "message": "Too slow", "contact_email": "ann@example.com", "name": "Ann",
        "url": "https://shop.example/basket", "source": "widget", "replay_id": EVENT_ID,
        "associated_event_id": about });
    let feedback = json!({ "type": "feedback", "environment": "test", "release": "shop@1",
        "contexts": { "feedback": context, "trace": { "trace_id": "t1" } } });
    let id = new_id();
    let items = [("feedback", feedback.clone()), ("attachment", json!("a picture"))];
    let answer = app.send(envelope(json!({ "event_id": id }), &items)).await;
    assert_eq!((answer.status, &answer.body["id"]), (200, &json!(id)));
    let mut said = app.list("/api/feedback?trace=t1", "feedback").await.remove(0);
    assert!(said.as_object_mut().unwrap().remove("received_at").unwrap().is_f64());
    assert_eq!(
        said,
        json!({
            "feedback_id": id, "event_id": about, "project": "1", "message": "Too slow", "name": "Ann",
            "email": "ann@example.com", "url": "https://shop.example/basket", "source": "widget",
            "trace_id": "t1", "replay_id": EVENT_ID, "environment": "test", "release": "shop@1",
        })
    );
    assert_eq!(app.get(&format!("/api/events/{about}")).await.body["feedback"][0]["feedback_id"], json!(id));
    assert_eq!(app.list("/api/attachments", "attachments").await[0]["event_id"], json!(id));
    // The same as an event, as the first versions send it.
    app.accepted(envelope(json!({ "event_id": new_id() }), &[("event", feedback)])).await;
    assert_eq!(app.list("/api/feedback", "feedback").await.len(), 2);
    assert_eq!(app.inbox.stats().held.events, 1);
}

#[actix_web::test]
async fn feedback_without_a_message_is_refused_and_a_long_one_is_cut() {
    let app = spawn_app().await;
    for (ty, payload) in [("feedback", json!({})), ("user_report", json!({ "comments": 7 }))] {
        assert_eq!(app.send(envelope(json!({}), &[(ty, payload)])).await.status, 400);
    }
    let long = with(json!({}), json!({ "contexts": { "feedback": { "message": "x".repeat(10_000) } } }));
    app.accepted(envelope(json!({}), &[("feedback", long)])).await;
    assert_eq!(app.list("/api/feedback", "feedback").await[0]["message"].as_str().unwrap().len(), 4_096);
}

#[actix_web::test]
async fn the_oldest_feedback_goes_when_there_is_too_much() {
    let app = spawn_app().await;
    for batch in 0..11 {
        let report =
            |number: i32| json!({ "event_id": new_id(), "comments": (100 * batch + number).to_string() });
        let items: Vec<_> = (0..100).map(|number| ("user_report", report(number))).collect();
        app.accepted(envelope(json!({}), &items)).await;
    }
    let stats = app.inbox.stats();
    assert_eq!((stats.held.feedback, stats.evicted["feedback"]), (1_000, 100));
    assert_eq!(app.list("/api/feedback?limit=1", "feedback").await[0]["message"], "1099");
}

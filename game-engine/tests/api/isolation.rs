use std::collections::HashMap;

use futures_util::stream::{self, StreamExt};
use inbox::Inbox;
use reqwest::Method;
use serde_json::Value;

use crate::helpers::{answer, spawn_app};

const WORDS: [&str; 6] = ["value", "type", "index", "key", "zero", "custom"];

/// The figure of the product's promise: 2,000 requests, 200 at once.
#[actix_web::test]
async fn no_event_carries_anything_of_another_request() {
    let app = spawn_app().await;
    let calls = stream::iter(0..2_000).map(|number| {
        let word = WORDS[number % WORDS.len()];
        let request = app
            .request(Method::GET, &format!("/debug/error/{word}?call={number}"))
            .header("X-User-Id", format!("user-{number}"))
            .header("sentry-trace", format!("{number:032x}-{:016x}-1", number + 1));
        async move { (number, answer(request).await) }
    });
    // Trace id 0 is no trace id.
    let answers: Vec<_> = calls.skip(1).buffer_unordered(200).collect().await;

    let id_of = |body: &Value| body["event_id"].as_str().unwrap().to_owned();
    let held = |inbox: &Inbox| -> HashMap<String, Value> {
        inbox.events().into_iter().map(|event| (id_of(&event), event)).collect()
    };
    // A busy machine makes events of its own, about workers that stall: the number alone does not say that all are there.
    let all = |inbox: &Inbox| {
        inbox.stats().held.events >= answers.len() && {
            let held = held(inbox);
            answers.iter().all(|(_, answer)| held.contains_key(&id_of(&answer.body)))
        }
    };
    app.inbox.wait_until("1,999 events", all).await.unwrap();
    let events = held(&app.inbox);
    for (number, answer) in answers {
        let event = &events[answer.body["event_id"].as_str().unwrap()];
        let word = WORDS[number % WORDS.len()];
        assert_eq!(event["user"]["id"], format!("user-{number}"));
        assert_eq!(event["contexts"]["trace"]["trace_id"], format!("{number:032x}"));
        assert_eq!(event["request"]["query_string"], format!("call={number}"));
        assert_eq!(event["tags"]["scenario"], format!("game-engine.error-{word}"));
        assert_eq!(
            event["exception"]["values"].as_array().unwrap().last().unwrap()["type"],
            answer.body["type"]
        );
        let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
        let category = if word == "index" { "reels" } else { crumbs[1]["category"].as_str().unwrap() };
        assert!(crumbs[1..].iter().all(|it| it["category"] == category), "{crumbs:?}");
        assert_eq!(crumbs[0]["message"], format!("GET /debug/error/{word}"));
    }
}

//! How much one answer of the API lists.

use serde_json::json;

use crate::helpers::{envelope, spawn_app};

#[actix_web::test]
async fn a_list_is_answered_in_pages() {
    let app = spawn_app().await;
    for number in 0..5 {
        app.event(json!({ "message": number.to_string() })).await;
    }
    let page = async |query: &str| {
        let answer = app.get(&format!("/api/events?{query}")).await.body;
        let titles =
            answer["events"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned());
        (titles.collect::<Vec<_>>().join(""), answer["more"].clone())
    };
    assert_eq!(page("limit=2").await, ("43".to_owned(), json!(true)));
    assert_eq!(page("limit=2&offset=2").await, ("21".to_owned(), json!(true)));
    assert_eq!(page("limit=2&offset=4").await, ("0".to_owned(), json!(false)));
    assert_eq!(page("offset=5").await, (String::new(), json!(false)));
}

#[actix_web::test]
async fn an_answer_has_a_bound_in_bytes_and_what_is_beyond_comes_with_the_next() {
    let app = spawn_app().await;
    let entry = json!({ "body": "x".repeat(900_000) });
    for _ in 0..20 {
        app.accepted(envelope(json!({}), &[("log", json!({ "items": [entry] }))])).await;
    }
    let mut got = 0;
    loop {
        let answer = app.get(&format!("/api/logs?limit=100&offset={got}")).await.body;
        assert!(answer.to_string().len() < 9_000_000, "{}", answer.to_string().len());
        got += answer["logs"].as_array().unwrap().len();
        if answer["more"] == false {
            break;
        }
    }
    assert_eq!(got, 20);
}

use serde_json::{Value, json};

use crate::helpers::{App, exception, spawn_app, top_frame};

async fn event(app: &App, word: &str, ty: &str) -> Value {
    let answer = app.get(&format!("/debug/error/{word}")).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!(ty)), "{word}");
    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "error", "{word}");
    assert_eq!(event["transaction"], "GET /debug/error/{type}", "{word}");
    assert_eq!(exception(&event)["type"], ty, "{word}");
    assert_eq!(exception(&event)["mechanism"]["handled"], true, "{word}");
    assert_eq!(event["tags"]["error.type"], ty, "{word}");
    event
}

#[actix_web::test]
async fn each_error_arises_in_the_domain_and_is_an_issue_of_its_own() {
    let app = spawn_app().await;
    for (word, ty, function) in [
        ("value", "ValueError", "game_engine::domain::wager::parse_stake"),
        ("type", "TypeError", "game_engine::domain::player::decode"),
        ("index", "IndexError", "game_engine::domain::reels::symbol_at"),
        ("key", "KeyError", "game_engine::domain::games::max_stake"),
        ("zero", "ZeroDivisionError", "game_engine::domain::rtp::return_to_player"),
        ("custom", "GameEngineError", "game_engine::domain::jackpot::settle"),
    ] {
        let event = event(&app, word, ty).await;
        assert_eq!(top_frame(&event)["function"], function);
    }
    assert_eq!(app.inbox.issues().len(), 6);
}

#[actix_web::test]
async fn the_root_cause_comes_first() {
    let app = spawn_app().await;
    let event = event(&app, "value", "ValueError").await;
    let types: Vec<_> =
        event["exception"]["values"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(types, ["ParseFloatError", "ValueError"]);
}

#[actix_web::test]
async fn the_games_own_error_brings_its_code_and_context() {
    let app = spawn_app().await;
    let event = event(&app, "custom", "GameEngineError").await;
    assert_eq!(event["fingerprint"], json!(["game-engine", "GAME_001"]));
    assert_eq!(event["contexts"]["game_engine_error"]["code"], "GAME_001");
}

#[actix_web::test]
async fn an_error_nobody_can_make_is_400_with_those_that_can_be_made() {
    let app = spawn_app().await;
    let answer = app.get("/debug/error/unheard-of").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["allowed"], json!(["value", "type", "index", "key", "zero", "custom"]));
    assert!(answer.body.get("event_id").is_none());
    app.transaction("GET /debug/error/{type}").await;
    assert!(app.inbox.events().is_empty());
}

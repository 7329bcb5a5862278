//! What the transactions of the game engine say of its work: steps as spans, measurements, flags.

use fixtures::common::spans;
use serde_json::{Value, json};

use crate::helpers::{Answer, App, spawn_app, spawn_app_with, top_frame};

async fn spin(app: &App) -> Answer {
    app.post("/calculate", r#"{"userId":"alice","bet":2.5}"#).await
}

#[actix_web::test]
async fn each_scenario_has_the_steps_of_its_story_as_spans() {
    spans::tell_each_story(&spawn_app().await, "/debug").await;
}

#[actix_web::test]
async fn a_step_that_panics_is_a_failed_span_below_the_step_that_called_it() {
    let app = spawn_app().await;
    app.get("/debug/crash").await;
    let transaction = app.transaction("GET /debug/crash").await;
    let step = |description: &str| {
        let mut spans = transaction["spans"].as_array().unwrap().iter();
        spans.find(|span| span["description"] == description).unwrap()
    };
    let (line, row) = (step("paying a winning line"), step("look up the multiplier"));
    assert_eq!((&line["status"], &row["status"]), (&json!("internal_error"), &json!("internal_error")));
    assert_eq!(row["parent_span_id"], line["span_id"]);
}

#[actix_web::test]
async fn a_step_in_which_an_error_arises_has_failed_and_the_one_before_has_not() {
    let app = spawn_app().await;
    app.get("/debug/error/index").await;
    let transaction = app.transaction("GET /debug/error/{type}").await;
    let spans = transaction["spans"].as_array().unwrap();
    let status =
        |description: &str| &spans.iter().find(|span| span["description"] == description).unwrap()["status"];
    assert_eq!(status("reel 2 stopped at 17"), "internal_error");
    assert!(status("reel 1 stopped at 1").is_null(), "{spans:#?}");
}

#[actix_web::test]
async fn a_spin_has_its_steps_and_measures_bet_and_payout() {
    let app = spawn_app().await;
    let payout = spin(&app).await.body["payout"].clone();
    let transaction = app.transaction("POST /calculate").await;
    let measured = json!({
        "game.bet_amount": { "value": 2.5, "unit": "none" },
        "game.payout": { "value": payout, "unit": "none" },
    });
    assert_eq!(transaction["measurements"], measured);
    let data = transaction["contexts"]["trace"]["data"].as_object().unwrap();
    assert!(!data.keys().any(|name| name.starts_with("measurement")), "{data:?}");
    let spans = transaction["spans"].as_array().unwrap().iter();
    let ops: Vec<_> = spans.map(|span| (&span["op"], &span["description"])).collect();
    let steps = [("game.rng", "turn the reels"), ("function", "store the game")]
        .map(|(op, step)| (json!(op), json!(step)));
    assert_eq!(ops, steps.iter().map(|(op, step)| (op, step)).collect::<Vec<_>>());
    spans::are_nested("a spin", &transaction);
}

#[actix_web::test]
async fn spins_are_summed_up_in_metrics_of_the_business() {
    let app = spawn_app().await;
    let payout = spin(&app).await.body["payout"].as_f64().unwrap();
    let sum = |inbox: &inbox::Inbox, name: &str| {
        inbox
            .metrics()
            .iter()
            .filter(|it| it["name"] == name)
            .map(|it| it["value"].as_f64().unwrap())
            .sum::<f64>()
    };
    let bets = |inbox: &inbox::Inbox| sum(inbox, "business.bet_volume");
    app.inbox.wait_until("the volume of bets", |inbox| bets(inbox) == 2.5).await.unwrap();
    let rolling = |inbox: &inbox::Inbox| {
        inbox.metrics().into_iter().find(|it| it["name"] == "business.rtp.rolling_24h")
    };
    app.inbox.wait_until("return to player", |inbox| rolling(inbox).is_some()).await.unwrap();
    assert_eq!(rolling(&app.inbox).unwrap()["value"].as_f64(), Some(payout / 2.5 * 100.0));
}

fn flag(result: bool) -> Value {
    json!({ "values": [{ "flag": "new_paytable", "result": result }] })
}

#[actix_web::test]
async fn the_new_paytable_fails_for_one_symbol_and_the_event_says_that_the_flag_was_on() {
    let app = spawn_app_with(|settings| settings.flags.new_paytable = true).await;
    // Of 15 spins one wins with cherries.
    let mut crash = None;
    for _ in 0..2_000 {
        let answer = spin(&app).await;
        if answer.status == 500 {
            crash = Some(answer);
            break;
        }
    }
    let event = app.event_of(&crash.expect("a spin that crashes")).await;
    assert_eq!((&event["level"], &event["contexts"]["flags"]), (&json!("fatal"), &flag(true)));
    assert_eq!(event["contexts"]["paytable"]["symbol"], "🍒");
    assert_eq!(top_frame(&event)["function"], "game_engine::domain::payout::new_multiplier");
    let crashed = |it: &Value| it["contexts"]["trace"]["status"] == "internal_error";
    let found = |inbox: &inbox::Inbox| inbox.transactions().into_iter().find(crashed);
    app.inbox.wait_until("its transaction", |inbox| found(inbox).is_some()).await.unwrap();
    let transaction = found(&app.inbox).unwrap();
    assert_eq!(transaction["contexts"]["flags"], flag(true));
    assert_eq!(transaction["spans"][0]["data"]["flag.evaluation.new_paytable"], true);
}

#[actix_web::test]
async fn by_default_the_flag_is_off() {
    let app = spawn_app().await;
    spin(&app).await;
    let transaction = app.transaction("POST /calculate").await;
    assert_eq!(transaction["contexts"]["flags"], flag(false));
}

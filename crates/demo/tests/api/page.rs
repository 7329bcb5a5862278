//! The tab Scenarios, over the routes that it uses: the real binary beside a shop whose events are what the test wants.

mod live;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake::{Shop, Twist, UNAVAILABLE};
use crate::helpers::{Standing, demo};

/// Longest wait for anything; reaching it is a failure.
const LIMIT: Duration = Duration::from_mins(10);

const HONEST: (&str, Twist) = ("honest", |_, _| {});

/// A page that a person could open.
pub(crate) struct Page {
    pub(crate) url: String,
    http: Client,
    _process: Option<Standing>,
}

impl Page {
    /// The page of a demo that runs.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), http: demo::http::client().expect("a client"), _process: None }
    }

    /// `demo serve` beside a shop.
    pub(crate) async fn beside_shop(cases: &[(&'static str, Twist)]) -> Self {
        Self::beside_shop_with(cases, None).await
    }

    async fn beside_shop_with(cases: &[(&'static str, Twist)], token: Option<&'static str>) -> Self {
        let held = demo::ports::choose(&[0], demo::ports::Preference::Free).expect("a port");
        let free = held[0].number();
        let shop = Shop::open_at(cases, token, format!("http://127.0.0.1:{free}")).await;
        let page = Self::serve(&shop, free, token).await;
        page.until("the shop serves", |state| state["services"][0]["state"] == "serving").await;
        page
    }

    async fn serve(service: &str, port: u16, token: Option<&str>) -> Self {
        let mut command = demo(&["serve", "--url", service]);
        command.env("PORT", port.to_string()).env("HOST", "127.0.0.1");
        token.map(|token| command.env("DEBUG_TOKEN", token));
        let mut process = Standing::of(command);
        let line = process.says(&["inbox", "open it in a browser"]).await;
        let url = line.split_whitespace().nth(1).expect("a URL").to_owned();
        Self { _process: Some(process), ..Self::at(&url) }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Status and error of an answer.
    async fn answer(request: RequestBuilder) -> (u16, String) {
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    }

    /// Posts JSON; status and error.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        Self::answer(self.request(Method::POST, path).json(body)).await
    }

    async fn fire(&self, scenario: &str) {
        let fired = self.post("stage/runs", &json!({ "scenario": scenario })).await;
        assert_eq!(fired, (202, String::new()), "{scenario}");
    }

    /// The state, once this holds for it.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        let mut version = 0;
        loop {
            let state = self.get(&format!("stage/state?after={version}")).await;
            if holds(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "waited for {what}: {state:#}");
            version = state["version"].as_u64().expect("a version");
        }
    }

    async fn run_is(&self, scenario: &str, phase: &str) -> Value {
        let state = self.until(phase, |state| state["runs"][scenario]["phase"] == phase).await;
        state["runs"][scenario].clone()
    }
}

fn broken(run: &Value) -> Vec<&str> {
    let parts = run["parts"].as_array().expect("parts").iter();
    parts.filter(|part| part["kept"] == false).map(|part| part["name"].as_str().expect("a name")).collect()
}

#[actix_web::test]
async fn a_run_shows_its_answer_its_event_and_every_part_that_was_kept() {
    let page = Page::beside_shop(&[HONEST, ("hot", |_, _| {})]).await;
    page.fire("shop.honest").await;
    let run = page.run_is("shop.honest", "done").await;
    assert_eq!((&run["answer"]["status"], &run["error"]), (&json!(500), &Value::Null), "{run:#}");
    assert_eq!(broken(&run), Vec::<&str>::new(), "{run:#}");
    let parts: Vec<_> = run["parts"].as_array().unwrap().iter().map(|part| part["name"].clone()).collect();
    for part in [
        "answer",
        "events",
        "level",
        "type",
        "handled",
        "grouping",
        "breadcrumbs",
        "trace",
        "stack",
        "transaction",
    ] {
        assert!(parts.contains(&json!(part)), "{part}: {run:#}");
    }
    let event = &run["events"][0];
    let held = page.get(&format!("events/{}", event["event_id"].as_str().unwrap())).await;
    assert_eq!(held["summary"]["issue_id"], event["issue_id"]);
    assert!(event["after_ms"].as_f64().unwrap() >= 0.0, "{event}");
    let transaction = run["transaction"].as_str().expect("a transaction");
    assert_eq!(
        page.get(&format!("transactions/{transaction}")).await["summary"]["trace_id"],
        run["trace_id"]
    );

    page.fire("shop.hot").await;
    let run = page.run_is("shop.hot", "done").await;
    assert!(
        run["parts"].as_array().unwrap().contains(&json!({ "name": "profile", "kept": true })),
        "{run:#}"
    );
}

#[actix_web::test]
async fn a_broken_promise_shows_what_was_expected_and_what_was_received() {
    let page = Page::beside_shop(&[
        ("level", |sent, _| sent.event["level"] = json!("info")),
        ("twice", |sent, _| sent.copies = 2),
        ("long", |sent, _| sent.event["exception"]["values"][0]["type"] = json!("x".repeat(100_000))),
    ])
    .await;
    page.fire("shop.level").await;
    let run = page.run_is("shop.level", "done").await;
    assert_eq!(broken(&run), ["level"], "{run:#}");
    let mismatch = json!({ "field": "event.level", "promised": "error", "got": "info" });
    assert_eq!(run["mismatches"], json!([mismatch]), "{run:#}");
    page.fire("shop.twice").await;
    assert_eq!(broken(&page.run_is("shop.twice", "done").await), ["events"]);
    page.fire("shop.long").await;
    let run = page.run_is("shop.long", "done").await;
    assert!(broken(&run).contains(&"type") && run.to_string().len() < 20_000, "{}", run.to_string().len());
}

#[actix_web::test]
async fn an_event_that_does_not_arrive_is_late_after_five_seconds_and_what_is_there_is_shown() {
    let page = Page::beside_shop(&[("silent", |sent, _| sent.copies = 0)]).await;
    page.fire("shop.silent").await;
    let run = page.run_is("shop.silent", "late").await;
    assert_eq!((&run["answer"]["status"], &run["events"]), (&json!(500), &json!([])), "{run:#}");
    assert!(run["transaction"].is_string(), "{run:#}");
}

#[actix_web::test]
async fn what_cannot_be_called_is_refused_with_the_reason() {
    let page = Page::beside_shop(&[HONEST, (UNAVAILABLE, |_, _| {})]).await;
    let honest = "shop.honest";
    for (order, status, reason) in [
        (json!({ "scenario": "shop.none" }), 404, "no service has a scenario of this id"),
        (json!({ "scenario": format!("shop.{UNAVAILABLE}") }), 409, "the shop's platform has no tills"),
        (json!({ "scenario": honest, "parameters": { "case": 1 } }), 400, "has no number `case`"),
        (json!({ "scenario": honest, "parameters": { "x".repeat(3000): 1 } }), 400, "has no number `xxx"),
        (json!({ "scenario": honest, "times": 7 }), 400, "times must be 1, 10 or 100"),
        (json!({ "scenario": honest, "times": 100_000 }), 400, "times must be"),
        (json!({ "scenario": honest, "token": "mine" }), 400, "unknown field"),
        (json!({}), 400, "missing field `scenario`"),
        (json!([]), 400, "not the JSON"),
    ] {
        let (answered, error) = page.post("stage/runs", &order).await;
        assert_eq!(answered, status, "{order}: {error}");
        assert!(error.contains(reason) && error.len() < 300, "{order}: {error}");
    }
    let long = page.post("stage/runs", &json!({ "scenario": "x".repeat(5000) })).await;
    assert_eq!(long.0, 400, "{long:?}");
    for (method, path) in [(Method::GET, "runs"), (Method::DELETE, "check"), (Method::POST, "state")] {
        let answer = Page::answer(page.request(method.clone(), &format!("stage/{path}"))).await;
        assert_eq!(answer.0, 405, "{method} {path}: {answer:?}");
    }
    assert_eq!(page.get("stage/state").await["runs"], json!({}));
}

#[actix_web::test]
async fn other_hosts_and_other_origins_break_nothing_and_see_nothing() {
    let page = Page::beside_shop(&[HONEST]).await;
    let fire = || page.request(Method::POST, "stage/runs").json(&json!({ "scenario": "shop.honest" }));
    for request in [
        fire().header("Host", "evil.example"),
        fire().header("Origin", "http://evil.example"),
        fire().header("Sec-Fetch-Site", "cross-site"),
        page.request(Method::GET, "stage/state").header("Host", "evil.example"),
        page.request(Method::POST, "stage/check").header("Origin", "null"),
        page.request(Method::POST, "stage/traffic").header("Origin", "http://evil.example").json(&json!({})),
    ] {
        assert_eq!(Page::answer(request).await.0, 403);
    }
    assert_eq!(page.get("stage/state").await["runs"], json!({}));
}

#[actix_web::test]
async fn a_scenario_runs_once_at_a_time_and_eight_run_at_once() {
    const SLOW: Twist = |_, _| std::thread::sleep(Duration::from_millis(400));
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let page = Page::beside_shop(&names.map(|name| (name, SLOW))).await;
    page.fire("shop.a").await;
    let again = page.post("stage/runs", &json!({ "scenario": "shop.a" })).await;
    assert_eq!(again, (409, "this scenario is running already".to_owned()));
    let check = page.post("stage/check", &json!({})).await;
    assert_eq!(check.0, 409, "{check:?}");
    for name in &names[1..8] {
        page.fire(&format!("shop.{name}")).await;
    }
    let ninth = page.post("stage/runs", &json!({ "scenario": "shop.i" })).await;
    assert_eq!(ninth.0, 429, "{ninth:?}");
    page.run_is("shop.a", "done").await;
    page.fire("shop.a").await;
}

#[actix_web::test]
async fn the_three_counters_of_a_burst_meet() {
    let page = Page::beside_shop(&[HONEST]).await;
    for times in [10, 100] {
        let fired = page.post("stage/runs", &json!({ "scenario": "shop.honest", "times": times })).await;
        assert_eq!(fired.0, 202, "{fired:?}");
        let done = |state: &Value| {
            let burst = &state["bursts"]["shop.honest"];
            burst["times"] == times && burst["done"] == true
        };
        let burst = page.until("the burst", done).await["bursts"]["shop.honest"].clone();
        for counter in ["sent", "answered", "expected", "arrived"] {
            assert_eq!(burst[counter], times, "{counter}: {burst:#}");
        }
        assert_eq!(burst["statuses"], json!({ "500": times }));
    }
}

#[actix_web::test]
async fn the_whole_check_runs_with_its_progress_and_nothing_else_runs_meanwhile() {
    let page = Page::beside_shop(&[HONEST, ("level", |sent, _| sent.event["level"] = json!("info"))]).await;
    assert_eq!(page.get("stage/check").await, json!({ "report": null }));
    assert_eq!(page.post("stage/check", &json!({})).await.0, 202);
    for (path, body) in [
        ("stage/check", json!({})),
        ("stage/runs", json!({ "scenario": "shop.honest" })),
        ("stage/traffic", json!({})),
    ] {
        let refused = page.post(path, &body).await;
        assert!(
            refused.0 == 409 && refused.1.contains("check of all scenarios is running"),
            "{path}: {refused:?}"
        );
    }
    let counted = |state: &Value| state["check"]["step"]["done"][1] == 2;
    page.until("the progress", counted).await;
    let state = page.until("the verdict", |state| state["check"]["running"] == false).await;
    assert_eq!(state["check"]["kept"], json!([1, 1]), "{state:#}");
    let report = page.get("stage/check").await["report"].clone();
    assert_eq!((&report["ok"], &report["scenarios_checked"]), (&json!(false), &json!(2)), "{report:#}");
    assert_eq!(report["scenarios"][1]["mismatches"][0]["field"], "event.level", "{report:#}");
}

#[actix_web::test]
async fn the_token_of_the_debug_routes_stays_in_the_demo() {
    let page = Page::beside_shop_with(&[HONEST], Some("sesame-open-wide")).await;
    page.fire("shop.honest").await;
    assert_eq!(broken(&page.run_is("shop.honest", "done").await), Vec::<&str>::new());
    for path in ["stage/state", "stage/services", "stage/health", "stage/check", "page"] {
        let text = page.get(path).await.to_string();
        assert!(!text.contains("sesame-open-wide"), "{path}: {text}");
    }
}

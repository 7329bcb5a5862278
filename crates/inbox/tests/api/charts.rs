//! Numbers over time.

use serde_json::{Value, json};

use crate::helpers::{App, envelope, new_id, spawn_app};

fn sum(counts: &Value) -> u64 {
    counts.as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).sum()
}

/// The values of the parts in which there are any.
fn some(values: &Value) -> Vec<Value> {
    values.as_array().unwrap().iter().filter(|it| !it.is_null()).cloned().collect()
}

fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
}

async fn metrics(app: &App, items: &[Value]) {
    app.accepted(envelope(json!({}), &[("trace_metric", json!({ "items": items }))])).await;
}

#[actix_web::test]
async fn requests_errors_and_what_services_measure_are_shown_over_time() {
    let app = spawn_app().await;
    for status in ["ok", "internal_error", "ok"] {
        let transaction = json!({ "tags": { "service": "shop" }, "start_timestamp": 1.0, "timestamp": 1.25,
            "contexts": { "trace": { "status": status } } });
        app.accepted(envelope(json!({ "event_id": new_id() }), &[("transaction", transaction)])).await;
    }
    app.accepted(envelope(json!({ "event_id": new_id() }), &[("transaction", json!({}))])).await;
    let runtime = json!({ "name": "rustc", "memory_mb": 21.5, "cpu_percent": 12.0 });
    app.event(json!({ "message": "it", "tags": { "service": "shop" }, "contexts": { "runtime": runtime } }))
        .await;
    let charts = app.get("/api/charts?seconds=600").await.body;
    assert_eq!(charts["step"], 10.0);
    let services = charts["services"].as_array().unwrap();
    assert_eq!(
        (services.len(), &services[0]["service"]),
        (2, &json!("1")),
        "without a name it is the project"
    );
    assert_eq!(
        (sum(&services[0]["requests"]), sum(&services[0]["failed"])),
        (1, 0),
        "no status is no failure"
    );
    let shop = &services[1];
    assert_eq!((sum(&shop["requests"]), sum(&shop["failed"]), sum(&shop["errors"])), (3, 1, 1));
    assert_eq!(some(&shop["memory_mb"]), [json!(21.5)]);
    assert_eq!(some(&shop["cpu_percent"]), [json!(12.0)]);
    assert!(some(&shop["p95_ms"]).iter().all(|it| *it == 250.0), "{shop}");
}

#[actix_web::test]
async fn memory_and_processor_time_come_from_profiles_too() {
    let app = spawn_app().await;
    let at = now() - 5.0;
    let measured = |value: f64| json!({ "unit": "x", "values": [{ "timestamp": at, "value": value }] });
    let chunk = json!({ "version": "2", "platform": "rust", "profiler_id": new_id(), "chunk_id": new_id(),
        "release": "shop@1", "profile": { "frames": [{ "function": "f" }], "stacks": [[0]],
            "samples": [{ "timestamp": at, "stack_id": 0, "thread_id": "1" }] },
        "measurements": { "cpu_usage": measured(97.0), "memory_footprint": measured(24.0 * 1024.0 * 1024.0) } });
    app.accepted(envelope(json!({}), &[("profile_chunk", chunk)])).await;
    let shop = app.get("/api/charts").await.body["services"][0].clone();
    assert_eq!((&shop["service"], some(&shop["memory_mb"])), (&json!("shop"), vec![json!(24.0)]));
    assert_eq!(some(&shop["cpu_percent"]), [json!(97.0)]);
}

#[actix_web::test]
async fn the_share_of_sessions_without_a_crash_is_shown_over_time() {
    let app = spawn_app().await;
    let aggregates = json!([{ "exited": 8, "errored": 1, "crashed": 1 }]);
    app.accepted(envelope(
        json!({}),
        &[("sessions", json!({ "attrs": { "release": "shop@1" }, "aggregates": aggregates }))],
    ))
    .await;
    let session = |status: &str| json!({ "sid": "s", "status": status, "attrs": { "release": "shop@2" } });
    for status in ["ok", "crashed"] {
        app.accepted(envelope(json!({}), &[("session", session(status))])).await;
    }
    let releases = app.get("/api/charts").await.body["releases"].clone();
    let [one, two] = [0, 1].map(|at| &releases[at]);
    assert_eq!((&one["release"], sum(&one["sessions"]), sum(&one["crashed"])), (&json!("shop@1"), 10, 1));
    assert_eq!(some(&one["crash_free"]), [json!(0.9)]);
    assert_eq!((sum(&two["sessions"]), sum(&two["crashed"])), (1, 1));
}

#[actix_web::test]
async fn a_metric_is_shown_over_time_by_an_attribute() {
    let app = spawn_app().await;
    let metric = |name: &str, value: f64, region: &str| {
        json!({ "timestamp": now(), "name": name, "type": "distribution", "unit": "ms", "value": value,
            "attributes": { "region": { "type": "string", "value": region } } })
    };
    metrics(
        &app,
        &[metric("latency", 1.0, "north"), metric("latency", 3.0, "north"), metric("latency", 7.0, "south")],
    )
    .await;
    metrics(&app, &[metric("other", 1.0, "north"), json!({ "name": "latency", "value": "text" })]).await;
    let names = app.get("/api/metrics/names").await.body["metrics"].clone();
    assert_eq!(
        names[0],
        json!({ "name": "latency", "type": "distribution", "unit": "ms", "count": 4, "attributes": ["region"] })
    );
    let series = app.get("/api/metrics/series?name=latency&by=region&seconds=3600").await.body;
    let lines = series["series"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["value"], &lines[1]["value"]), (2, &json!("north"), &json!("south")));
    let points = some(&lines[0]["points"]);
    let total = |name: &str| points.iter().map(|point| point[name].as_f64().unwrap()).sum::<f64>();
    assert_eq!((total("count"), total("sum")), (2.0, 4.0));
    let whole = app.get("/api/metrics/series?name=latency").await.body;
    assert_eq!((&whole["series"][0]["value"], &whole["series"][0]["count"]), (&Value::Null, &json!(3)));
    assert_eq!(app.get("/api/metrics/series").await.status, 400);
}

#[actix_web::test]
async fn charts_have_bounds() {
    let app = spawn_app().await;
    for seconds in ["1", "1e300", "NaN", "-5"] {
        let charts = app.get(&format!("/api/charts?seconds={seconds}")).await.body;
        let step = charts["step"].as_f64().unwrap();
        assert!((1.0..=10_080.0).contains(&step), "{seconds}: {step}");
    }
    assert_eq!(app.get("/api/charts?seconds=x").await.status, 400);
    for batch in 0..6 {
        let many = |number: i32| {
            let attributes: serde_json::Map<String, Value> =
                (0..60).map(|at| (at.to_string(), json!(at))).collect();
            json!({ "timestamp": now(), "name": format!("{batch}-{number}"), "value": 1, "attributes": attributes })
        };
        metrics(&app, &(0..100).map(many).collect::<Vec<_>>()).await;
        let transaction = |number: i32| {
            (
                "transaction",
                json!({ "event_id": new_id(), "tags": { "service": format!("{batch}-{number}") } }),
            )
        };
        app.accepted(envelope(json!({}), &(0..10).map(transaction).collect::<Vec<_>>())).await;
    }
    let names = app.get("/api/metrics/names").await.body["metrics"].clone();
    assert_eq!(
        (names.as_array().unwrap().len(), names[0]["attributes"].as_array().unwrap().len()),
        (500, 50)
    );
    assert_eq!(app.get("/api/charts").await.body["services"].as_array().unwrap().len(), 50);
    let regions: Vec<_> = (0..30)
        .map(|number| json!({ "timestamp": now(), "name": "m", "value": 1, "attributes": { "region": { "value": number } } }))
        .collect();
    metrics(&app, &regions).await;
    let series = app.get("/api/metrics/series?name=m&by=region").await.body;
    assert_eq!((series["series"].as_array().unwrap().len(), &series["omitted"]), (20, &json!(10)));
}

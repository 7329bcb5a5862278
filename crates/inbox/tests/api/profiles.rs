//! Profile chunks: what is held of them, which samples a question takes, and how long each lasted.

use serde_json::{Value, json};

use crate::helpers::{Answer, App, spawn_app};
use crate::profile_chunks::{CONVERGE, Chunk, FROM, PROFILER, SERVE, chunk_item, send_chunk};

pub(crate) async fn profile(app: &App, query: &str) -> Value {
    let answer = app.get(&format!("/api/profile?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Function, self and total, of those that ran.
pub(crate) fn functions(profile: &Value) -> Vec<(&str, f64, f64)> {
    let functions = profile["functions"].as_array().unwrap().iter();
    let ms = |it: &Value| it.as_f64().unwrap();
    let mut functions: Vec<_> = functions
        .map(|it| (it["function"].as_str().unwrap(), ms(&it["self_ms"]), ms(&it["total_ms"])))
        .collect();
    functions.sort_by_key(|it| it.0);
    functions
}

/// Two threads: 1 runs `serve` → `converge` for 20 ms, then `serve` for 10 ms, and is idle; 2 runs `serve` for 30 ms.
pub(crate) fn two_threads() -> Chunk {
    Chunk::at(FROM)
        .sample(0, "1", &[CONVERGE, SERVE])
        .sample(10, "1", &[CONVERGE, SERVE])
        .sample(20, "1", &[SERVE])
        .sample(30, "1", &[])
        .sample(5_000, "1", &[SERVE])
        .sample(0, "2", &[SERVE])
        .sample(30, "2", &[])
}

#[actix_web::test]
async fn a_profiler_is_listed_with_its_range_and_threads() {
    let app = spawn_app().await;
    assert!(app.list("/api/profilers", "profilers").await.is_empty());
    send_chunk(&app, two_threads()).await;
    let mut listed = app.list("/api/profilers", "profilers").await;
    assert_eq!(
        listed.remove(0),
        json!({
            "profiler_id": PROFILER,
            "project": "1",
            "service": "shop",
            "release": "shop@1.0.0",
            "environment": "test",
            "platform": "rust",
            "from": FROM,
            "to": FROM + 5.0,
            "chunks": 1,
            "samples": 7,
            "threads": [
                { "id": "1", "name": "thread-1", "busy_ms": 30.0 },
                { "id": "2", "name": "thread-2", "busy_ms": 30.0 },
            ],
        })
    );
    assert_eq!(app.get("/api/stats").await.body["held"]["profile_chunks"], 1);
}

#[actix_web::test]
async fn self_and_total_time_are_those_of_the_samples_and_idleness_is_none() {
    let app = spawn_app().await;
    send_chunk(&app, two_threads()).await;
    let whole = profile(&app, &format!("profiler={PROFILER}")).await;
    assert_eq!(functions(&whole), [(CONVERGE, 20.0, 20.0), (SERVE, 40.0, 60.0)]);
    assert_eq!(
        (&whole["busy_ms"], &whole["idle_ms"], &whole["samples"]),
        (&json!(60.0), &json!(4970.0), &json!(5))
    );
    let nodes = whole["nodes"].as_array().unwrap();
    let names = whole["functions"].as_array().unwrap();
    let named = |node: &Value| &names[node["function"].as_u64().unwrap() as usize]["function"];
    assert_eq!(
        (named(&nodes[0]), &nodes[0]["parent"], &nodes[0]["total_ms"]),
        (&json!(SERVE), &Value::Null, &json!(60.0))
    );
    assert_eq!(
        (named(&nodes[1]), &nodes[1]["parent"], &nodes[1]["self_ms"]),
        (&json!(CONVERGE), &json!(0), &json!(20.0))
    );
    assert_eq!(
        names[0],
        json!({ "function": SERVE, "module": "shop", "file": "src/serve.rs", "in_app": true,
        "self_ms": 40.0, "total_ms": 60.0 })
    );
}

#[actix_web::test]
async fn a_range_and_a_thread_narrow_the_samples() {
    let app = spawn_app().await;
    send_chunk(&app, two_threads()).await;
    let (from, to) = (FROM + 0.015, FROM + 0.025);
    let narrowed = profile(&app, &format!("profiler={PROFILER}&from={from}&to={to}&thread=1")).await;
    let expected = [(CONVERGE, 5.0), (SERVE, 5.0)];
    for (function, (name, own)) in functions(&narrowed).into_iter().zip(expected) {
        assert!(function.0 == name && (function.1 - own).abs() < 0.01, "{function:?}");
    }
    let threads: Vec<_> = narrowed["threads"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(threads, ["1", "2"], "what else ran meanwhile can be chosen next");
}

#[actix_web::test]
async fn a_recursion_counts_once_in_the_total_of_its_function() {
    let app = spawn_app().await;
    let stack = [CONVERGE, SERVE, CONVERGE, SERVE];
    send_chunk(&app, Chunk::at(FROM).sample(0, "1", &stack).sample(10, "1", &[])).await;
    let whole = profile(&app, &format!("profiler={PROFILER}")).await;
    assert_eq!(functions(&whole), [(CONVERGE, 10.0, 10.0), (SERVE, 0.0, 10.0)]);
    assert_eq!(whole["nodes"].as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_sample_lasts_into_the_next_chunk_but_not_over_a_pause() {
    let app = spawn_app().await;
    // In the wrong order, and one of them twice: a client sends again what it does not know to have arrived.
    for (number, begins) in [(2, 20_020), (1, 0), (0, -10), (1, 0)] {
        let from = FROM + f64::from(begins) / 1e3;
        send_chunk(&app, Chunk::at(from).number(number).sample(0, "1", &[SERVE])).await;
    }
    let whole = profile(&app, &format!("profiler={PROFILER}")).await;
    assert_eq!(functions(&whole), [(SERVE, 10.0, 10.0)]);
    assert_eq!(whole["profiler"]["chunks"], 3);
}

#[actix_web::test]
async fn a_question_that_makes_no_sense_is_400() {
    let app = spawn_app().await;
    send_chunk(&app, two_threads()).await;
    for query in [
        "",
        "from=1&to=2",
        "profiler=P&from=2&to=1",
        "profiler=P&from=NaN",
        "profiler=P&to=inf",
        "profiler=P&from=x",
    ] {
        let query = query.replace('P', PROFILER);
        assert_eq!(app.get(&format!("/api/profile?{query}")).await.status, 400, "{query}");
    }
    let nothing = profile(&app, &format!("profiler={PROFILER}&from=0&to=1")).await;
    assert_eq!((&nothing["samples"], nothing["nodes"].as_array().unwrap().len()), (&json!(0), 0));
}

#[actix_web::test]
async fn the_timeline_shows_where_something_ran_and_what_it_took() {
    let app = spawn_app().await;
    let values = |value: f64| json!({ "unit": "x", "values": [{ "timestamp": FROM + 1.0, "value": value }, { "timestamp": 1.0, "value": 9 }] });
    let measurements = json!({ "cpu_usage": values(50.0), "memory_footprint": values(f64::from(1 << 20)) });
    send_chunk(&app, two_threads().with("measurements", measurements)).await;
    let timeline =
        profile(&app, &format!("profiler={PROFILER}&from={FROM}&to={FROM}")).await["timeline"].take();
    assert_eq!((&timeline["from"], &timeline["to"]), (&json!(FROM), &json!(FROM + 5.0)));
    let parts = |name: &str| timeline[name].as_array().unwrap().clone();
    assert_eq!((parts("busy_ms").len(), &parts("busy_ms")[0]), (120, &json!(60.0)));
    assert_eq!((&parts("cpu_percent")[24], &parts("memory_mb")[24]), (&json!(50.0), &json!(1.0)));
    assert_eq!(parts("cpu_percent").iter().filter(|it| !it.is_null()).count(), 1);
}

#[actix_web::test]
async fn the_export_for_speedscope_has_each_thread_in_the_order_of_time() {
    let app = spawn_app().await;
    send_chunk(&app, two_threads()).await;
    let Answer { headers, body, .. } = app.get(&format!("/api/profile/speedscope?profiler={PROFILER}")).await;
    assert_eq!(headers["Content-Disposition"], "attachment; filename=\"profile.speedscope.json\"");
    let first = &body["profiles"][0];
    assert_eq!(
        (&first["name"], &first["type"], &first["unit"]),
        (&json!("thread-1 (1)"), &json!("sampled"), &json!("seconds"))
    );
    let frames = body["shared"]["frames"].as_array().unwrap();
    let named = |stack: &Value| -> Vec<Value> {
        let indices = stack.as_array().unwrap().iter().map(|it| it.as_u64().unwrap() as usize);
        indices.map(|index| frames[index]["name"].clone()).collect()
    };
    let stacks: Vec<_> = first["samples"].as_array().unwrap().iter().map(named).collect();
    assert_eq!(
        stacks,
        [vec![json!(SERVE), json!(CONVERGE)], vec![json!(SERVE)], vec![], vec![json!(SERVE)]],
        "root first, equal ones once"
    );
    let weights: Vec<_> =
        first["weights"].as_array().unwrap().iter().map(|it| (it.as_f64().unwrap() * 1e3).round()).collect();
    assert_eq!(weights, [20.0, 10.0, 4970.0, 0.0]);
    assert_eq!(body["profiles"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn chunks_of_other_sdks_are_shown_though_fields_are_missing_or_of_other_types() {
    let app = spawn_app().await;
    // As the SDKs for Python and Node send them: other frames, numbers for threads, images with debug ids.
    let python = json!({
        "frames": [{ "function": "main", "filename": "app.py", "abs_path": "/srv/app.py", "lineno": 7, "module": "app", "in_app": true }],
        "stacks": [[0]],
        "samples": [{ "timestamp": FROM, "stack_id": 0, "thread_id": "140" }, { "timestamp": FROM + 0.01, "stack_id": 0, "thread_id": "140" }],
        "thread_metadata": { "140": { "name": "MainThread" } },
    });
    let node = json!({
        "frames": [{ "function": "", "abs_path": "app:///index.js", "lineno": "7", "colno": 1 }, { "instruction_addr": "0x1" }, {}],
        "stacks": [[0, 1, 2]],
        "samples": [{ "timestamp": FROM, "stack_id": 0, "thread_id": 0 }, { "timestamp": FROM + 0.01, "stack_id": 0, "thread_id": 0 }],
        "thread_metadata": [],
    });
    for (platform, own, name) in [("python", python, "main"), ("node", node, "<unnamed>")] {
        let id = format!("{:032x}", platform.len());
        let chunk = json!({ "version": "2", "profiler_id": id, "chunk_id": id, "platform": platform, "release": 7, "profile": own,
            "client_sdk": { "name": "x", "version": "1" }, "debug_meta": { "images": [{ "type": "sourcemap", "debug_id": id }] },
            "measurements": { "cpu_usage": 7, "memory_footprint": { "values": [{}] } } });
        app.accepted(chunk_item(json!({ "platform": platform }), &chunk)).await;
        let shown = profile(&app, &format!("profiler={id}")).await;
        assert!(functions(&shown).contains(&(name, 10.0, 10.0)), "{shown}");
    }
    let threads = app.list("/api/profilers", "profilers").await;
    assert_eq!(
        (&threads[0]["threads"][0]["id"], &threads[1]["threads"][0]["name"]),
        (&json!("0"), &json!("MainThread"))
    );
}

#[actix_web::test]
async fn a_chunk_that_sentry_would_refuse_is_refused_with_the_reason() {
    let app = spawn_app().await;
    let good = two_threads().into_payload();
    let wrong = |path: &str, value: Value| {
        let mut chunk = good.clone();
        *chunk.pointer_mut(path).unwrap() = value;
        chunk
    };
    let cases = [
        (json!([]), "no profile chunk"),
        (wrong("/profile", Value::Null), "no profile chunk"),
        (wrong("/profile/samples", json!({})), "no profile chunk"),
        (wrong("/profile/samples/0/timestamp", json!("now")), "no profile chunk"),
        (wrong("/profile/stacks/0", json!([-1])), "no profile chunk"),
        (wrong("/profile/samples", json!([])), "no samples"),
        (wrong("/profile/samples/1/stack_id", json!(99)), "sample 1 has a stack_id beyond"),
        (wrong("/profile/stacks/0/0", json!(99)), "stack 0 has an index beyond"),
        (wrong("/profile/samples/0/timestamp", json!(FROM - 62.0)), "more than 66 seconds"),
        (wrong("/profile/samples/0/timestamp", json!(-1)), "sample 0 has no time"),
        (wrong("/profile/samples/0/timestamp", json!(1e300)), "sample 0 has no time"),
        (wrong("/version", json!("1")), "version"),
        (wrong("/version", json!(2)), "version"),
        (wrong("/profiler_id", json!("x")), "profiler_id is not a UUID"),
        (wrong("/chunk_id", Value::Null), "chunk_id is not a UUID"),
        (wrong("/platform", json!("python")), "platform"),
    ];
    for (chunk, reason) in cases {
        let answer = app.send(chunk_item(json!({ "platform": "rust" }), &chunk)).await;
        let said = answer.body["error"].as_str().unwrap_or_default();
        assert!(answer.status == 400 && said.contains(reason), "{reason}: {answer:?}");
    }
    assert!(app.list("/api/profilers", "profilers").await.is_empty());
    app.accepted(chunk_item(json!({}), &good)).await;
}

#[actix_web::test]
async fn profiles_are_cleared_with_everything_else() {
    let app = spawn_app().await;
    send_chunk(&app, two_threads()).await;
    assert_eq!(app.request(reqwest::Method::DELETE, "/api/all").send().await.unwrap().status(), 204);
    assert!(app.list("/api/profilers", "profilers").await.is_empty());
}

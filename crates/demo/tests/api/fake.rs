//! A small shop with a catalogue, whose events are what the test wants them to be.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use inbox::Inbox;
use serde_json::{Value, json};
use uuid::Uuid;

/// What one call sends and answers; honest until a [`Twist`] has changed it.
pub(crate) struct Sent {
    pub(crate) event: Value,
    /// How often the event is sent, each time under another id after the first.
    pub(crate) copies: usize,
    pub(crate) transaction: Value,
    /// The profile of the call; null where nothing is promised of it.
    pub(crate) profile: Value,
    pub(crate) status: u16,
    pub(crate) answer: Value,
    /// The header `X-Sentry-Event-Id`.
    pub(crate) event_id_header: Option<String>,
    /// What the caller sent as `X-Api-Key`.
    pub(crate) secret: String,
}

/// A way to break the promise.
pub(crate) type Twist = fn(&mut Sent, &Process);

/// What the shop says about its process.
pub(crate) struct Process {
    pub(crate) threads: AtomicU64,
    pub(crate) open_fds: AtomicU64,
    /// Start of the process, seconds.
    pub(crate) started: AtomicU64,
    clock: Instant,
}

/// A running shop; it stops with the test's runtime.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) inbox: Inbox,
}

struct State {
    cases: Vec<(&'static str, Twist)>,
    process: Process,
    inbox: String,
    token: Option<&'static str>,
    http: reqwest::Client,
}

impl Shop {
    /// A shop with one scenario per case, all of which promise the same.
    pub(crate) async fn open(cases: &[(&'static str, Twist)]) -> Self {
        Self::open_with(cases, None).await
    }

    /// A shop whose debug routes may need a token.
    pub(crate) async fn open_with(cases: &[(&'static str, Twist)], token: Option<&'static str>) -> Self {
        let inbox = Inbox::start().await.expect("an inbox");
        let url = Self::open_at(cases, token, inbox.url()).await;
        Self { url, inbox }
    }

    /// A shop whose events go to the inbox at that URL; where it is.
    pub(crate) async fn open_at(
        cases: &[(&'static str, Twist)],
        token: Option<&'static str>,
        inbox: String,
    ) -> String {
        let process = Process {
            threads: AtomicU64::new(8),
            open_fds: AtomicU64::new(20),
            started: AtomicU64::new(1_700_000_000),
            clock: Instant::now(),
        };
        let http = demo::http::client().expect("a client");
        let state = State { cases: cases.to_vec(), process, inbox, token, http };
        let state = web::Data::new(state);
        let app = move || {
            App::new()
                .app_data(state.clone())
                .route("/health", web::get().to(HttpResponse::Ok))
                .route("/debug", web::get().to(catalogue))
                .route("/debug/buy/{case}", web::get().to(buy))
        };
        // On a busy machine, a request takes longer to arrive than the default of five seconds.
        let server = HttpServer::new(app).client_request_timeout(Duration::from_secs(300));
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        url
    }

    /// The arguments that check this shop.
    pub(crate) fn check<'a>(&'a self, inbox: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec!["check", "--url", &self.url, "--inbox", inbox, "--wait", "3"];
        args.extend(more);
        args
    }
}

async fn catalogue(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let reported = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if state.token.is_some_and(|token| reported != Some(&format!("Bearer {token}"))) {
        return HttpResponse::Unauthorized().finish();
    }
    let scenario = |(name, _): &(&str, Twist)| {
        let (ty, message) = if says(name) { (None, Some("An item")) } else { (Some("ShopError"), None) };
        let level = if *name == LATER { "critical" } else { "error" };
        json!({
            "id": format!("shop.{name}"), "method": "GET", "path": "/debug/buy/{case}", "title": "A sold out item",
            "parameters": [{ "name": "case", "in": "path", "default": name, "min": null, "max": null }],
            "expect": {
                "status": 500, "events": 1, "also": [], "level": level, "type": ty, "handled": true,
                "message": message, "fingerprint": ["shop", "ShopError"], "breadcrumbs": ["request", "cart"],
                "contexts": ["cart"], "spans": 2, "hot_function": burns(name).then_some("cart::rank"),
            },
            "unavailable": (*name == UNAVAILABLE).then_some("the shop's platform has no tills"),
            "a field of a later version": 1,
        })
    };
    let scenarios: Vec<_> = state.cases.iter().map(scenario).collect();
    HttpResponse::Ok().json(json!({ "service": "shop", "profiled": true, "scenarios": scenarios }))
}

async fn buy(request: HttpRequest, case: web::Path<String>, state: web::Data<State>) -> HttpResponse {
    let mut sent = honest(&request, &case, &state.process);
    let (_, twist) = state.cases.iter().find(|(name, _)| *name == case.as_str()).expect("a known case");
    twist(&mut sent, &state.process);
    for copy in 0..sent.copies {
        if copy > 0 {
            sent.event["event_id"] = json!(Uuid::new_v4().simple().to_string());
        }
        deliver(&state, "event", &sent.event).await;
    }
    if !sent.transaction.is_null() {
        deliver(&state, "transaction", &sent.transaction).await;
    }
    if !sent.profile.is_null() {
        deliver(&state, "profile_chunk", &sent.profile).await;
    }
    let status = sent.status.try_into().expect("a status");
    let header = sent.event_id_header.map(|id| ("x-sentry-event-id", id));
    let mut answer = HttpResponse::build(status);
    header.into_iter().for_each(|header| _ = answer.insert_header(header));
    answer.json(sent.answer)
}

async fn deliver(state: &State, ty: &str, payload: &Value) {
    let item = payload.to_string();
    let head = json!({ "event_id": payload["event_id"] });
    let item_head = json!({ "type": ty, "length": item.len(), "platform": payload["platform"] });
    let envelope = format!("{head}\n{item_head}\n{item}\n");
    let url = format!("{}/api/1/envelope/", state.inbox);
    let answer = state.http.post(url).body(envelope).send().await.expect("the inbox answers");
    assert!(answer.status().is_success(), "{answer:?}");
}

/// The case whose promise is of a later version: its level is not known yet.
pub(crate) const LATER: &str = "later";

/// The case whose promise the shop's platform cannot keep.
pub(crate) const UNAVAILABLE: &str = "unavailable";

/// Does this case send a message, rather than an exception?
fn says(case: &str) -> bool {
    case.starts_with("message")
}

/// Does this case promise in which function its time is spent?
fn burns(case: &str) -> bool {
    case.starts_with("hot")
}

/// Half a second in a library's function that one of the shop calls.
fn profile(profiler: &str) -> Value {
    let frame = |function: &str, module: &str, in_app: bool| json!({ "function": function, "module": module, "in_app": in_app });
    let sample = |n: u32| json!({ "timestamp": 1_700_000_000.0 + f64::from(n) / 100.0, "stack_id": 0, "thread_id": "7" });
    json!({
        "version": "2", "chunk_id": Uuid::new_v4().simple().to_string(), "profiler_id": profiler, "platform": "rust",
        "release": "shop@1.0.0", "client_sdk": { "name": "sentry.rust", "version": "1" },
        "profile": {
            "samples": (0..=60).map(sample).collect::<Vec<_>>(), "stacks": [[2, 1, 0]],
            "frames": [frame("buy", "shop::cart", true), frame("rank", "shop::cart", true), frame("sort", "core::slice", false)],
            "thread_metadata": { "7": { "name": "worker" } },
        },
    })
}

/// Makes an exception a message.
fn message_of(event: &mut Value) {
    let exception = event["exception"]["values"][0].take();
    event["threads"] = json!({ "values": [{ "current": true, "stacktrace": exception["stacktrace"] }] });
    event["logentry"] = json!({ "message": "An item is sold out" });
    event["tags"]["error.type"] = json!("cart");
    event.as_object_mut().expect("an object").remove("exception");
}

/// What keeps the promise.
fn honest(request: &HttpRequest, case: &str, process: &Process) -> Sent {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let trace = header("sentry-trace");
    let (trace_id, parent) = (trace.get(..32).unwrap_or_default(), trace.get(33..49).unwrap_or_default());
    let (id, name) = (Uuid::new_v4().simple().to_string(), "GET /debug/buy/{case}");
    let tags = json!({
        "service": "shop", "scenario": format!("shop.{case}"), "error.type": "ShopError", "debug.demo": "true",
        "demo.run_id": header("x-demo-run"),
    });
    let frame = |function: &str, in_app: bool, line: u32| json!({ "function": function, "in_app": in_app, "filename": "shop/src/cart.rs", "lineno": line });
    let mut event = json!({
        "event_id": id, "timestamp": 1_700_000_000.5, "platform": "native", "level": "error", "transaction": name,
        "exception": { "values": [{
            "type": "ShopError", "value": "the item is sold out",
            "mechanism": { "type": "generic", "handled": true },
            "stacktrace": { "frames": [frame("shop::cart::buy", true, 12), frame("core::option::expect", false, 3)] },
        }] },
        "fingerprint": ["shop", "ShopError"], "tags": tags,
        "breadcrumbs": { "values": [{ "category": "request" }, { "category": "cart", "level": "warning" }] },
        "user": { "id": header("x-user-id"), "ip_address": "127.0.0.1" },
        "request": { "url": "http://127.0.0.1/debug/buy", "method": "GET" },
        "contexts": contexts(trace_id, process),
        "release": "shop@1.0.0", "environment": "test", "server_name": "here", "sdk": { "name": "sentry.rust" },
    });
    if says(case) {
        message_of(&mut event);
    }
    let trace = json!({
        "trace_id": trace_id, "span_id": "a0b1c2d3e4f50617", "parent_span_id": parent, "op": "http.server",
        "status": "internal_error", "data": { "thread.id": "7" },
    });
    let transaction = json!({
        "event_id": Uuid::new_v4().simple().to_string(), "type": "transaction", "transaction": name, "tags": tags,
        "contexts": { "trace": trace, "profile": { "profiler_id": id } }, "start_timestamp": 1_700_000_000.0, "timestamp": 1_700_000_000.5, "spans": [{ "op": "function" }, { "op": "db" }],
    });
    let answer = json!({ "error": "the item is sold out", "type": "ShopError", "event_id": id });
    Sent {
        event,
        copies: 1,
        transaction,
        profile: if burns(case) { profile(&id) } else { Value::Null },
        status: 500,
        answer,
        event_id_header: Some(id),
        secret: header("x-api-key"),
    }
}

fn contexts(trace_id: &str, process: &Process) -> Value {
    json!({
        "runtime": {
            "name": "rustc", "version": "1.95.0", "memory_mb": 20.5, "cpu_percent": 0.1,
            "threads": process.threads.load(Relaxed), "open_fds": process.open_fds.load(Relaxed),
            "uptime_seconds": process.clock.elapsed().as_secs_f64(),
        },
        "app": {
            "app_start_time": process.started.load(Relaxed), "app_version": "1.0.0", "app_memory": 20_000_000,
        },
        "device": { "memory_size": 8_000_000, "free_memory": 4_000_000, "processor_count": 2 },
        "os": { "name": "Linux", "version": "6" },
        "trace": { "trace_id": trace_id, "span_id": "a0b1c2d3e4f50617" },
        "request": { "url": "http://x/", "method": "GET", "userAgent": "test", "clientIP": "127.0.0.1" },
        "cart": { "items": 3 },
    })
}

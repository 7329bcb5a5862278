//! What each part of an event costs: those that a request waits for, and those on the transport's thread.
//!
//! ```sh
//! cargo bench -p sentry-context
//! ```

use std::hint::black_box;
use std::num::ParseFloatError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sentry_context::client::{self, Config, Service};
use sentry_context::event_processor::EventProcessor;
use sentry_context::fingerprint::Rules;
use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::Transport;
use sentry_context::sentry::protocol::{EnvelopeItem, Event, Request};
use sentry_context::sentry::{Client, ClientOptions, Envelope, Hub, User};
use sentry_context::transport::Delivery;
use sentry_context::{Facts, breadcrumbs, facts, redaction, runtime_stats, trace_header};

/// As many rules as a service has; the last one matches.
const RULES: &str = "\
level:fatal -> {{ default }}, {{ error.type }}
error.type:EventLoopBlocked -> {{ tags.service }}, event-loop-blocked, {{ function }}
message:\"The event loop runs again*\" -> {{ tags.service }}, event-loop-recovered
message:\"Memory grew*\" -> {{ tags.service }}, memory-leak
message:\"Memory was released*\" -> {{ tags.service }}, memory-leak-reset
message:\"CPU was busy*\" -> {{ tags.service }}, infinite-loop
error.type:TimeoutError -> {{ tags.service }}, timeout, {{ transaction }}
tags.thread.id:* -> {{ tags.service }}, thread, {{ error.type }}
tags.error.code:* -> {{ tags.service }}, {{ tags.error.code }}
error.type:*Error -> {{ tags.service }}, {{ error.type }}
";

static SERVICE: Service = Service {
    name: "bench",
    release_name: "bench",
    in_app: &["parts"],
    panic_type: "Panic",
    fingerprint_rules: RULES,
};

#[derive(Debug, thiserror::Error)]
#[error("the stake {text:?} is not a number")]
struct StakeError {
    text: String,
    source: ParseFloatError,
}

impl Reportable for StakeError {
    fn type_name(&self) -> &'static str {
        "StakeError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        Some(("wager", facts([("stake", self.text.as_str().into()), ("currency", "EUR".into())])))
    }
}

fn stake(text: &str) -> Result<f64, Traced<StakeError>> {
    Ok(text.parse().map_err(|source| StakeError { text: text.to_owned(), source })?)
}

/// In the transport's place: keeps the latest envelope.
#[derive(Default)]
struct Latest(Mutex<Option<Envelope>>);

impl Transport for Latest {
    fn send_envelope(&self, envelope: Envelope) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(envelope);
    }
}

impl Latest {
    fn take(&self) -> Envelope {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

fn config() -> Config {
    Config {
        service: &SERVICE,
        dsn: "http://key@127.0.0.1:9/1".parse().ok(),
        release: "bench@1.0.0".to_owned(),
        environment: "bench".to_owned(),
        traces_sample_rate: 1.0,
        stall_threshold: Duration::ZERO,
        rules: RULES.parse().unwrap_or_default(),
        delivery: Delivery::default(),
    }
}

/// A hub as a request has it, and where its envelopes end.
fn hub() -> (Arc<Hub>, Arc<Latest>) {
    let latest = Arc::new(Latest::default());
    let transport = Arc::clone(&latest);
    let mut options = client::options(&config());
    options.transport =
        Some(Arc::new(move |_: &ClientOptions| -> Arc<dyn Transport> { Arc::clone(&transport) as _ }));
    let client = Arc::new(Client::with_options(options));
    let hub = Arc::new(Hub::new(Some(client), Arc::default()));
    hub.configure_scope(|scope| {
        scope.set_tag("service", SERVICE.name);
        scope.set_transaction(Some("GET /debug/error/value"));
        scope.set_user(Some(User { id: Some("alice".to_owned()), ..User::default() }));
    });
    Hub::run(Arc::clone(&hub), || {
        for number in 0..20 {
            breadcrumbs::step("wager", "reading the stake", facts([("number", number.into())]));
        }
    });
    (hub, latest)
}

/// An event as it leaves the request path.
fn specimen(hub: &Arc<Hub>, latest: &Latest) -> Event<'static> {
    Hub::run(Arc::clone(hub), || stake("ten").err().and_then(|error| error.report()));
    let event = latest.take().into_items().find_map(|item| match item {
        EnvelopeItem::Event(event) => Some(*event),
        _ => None,
    });
    let mut event = event.unwrap_or_default();
    event.request = Some(Request {
        url: "http://127.0.0.1:8082/debug/error/value?card=4111111111111111&page=2".parse().ok(),
        method: Some("GET".to_owned()),
        query_string: Some("card=4111111111111111&page=2".to_owned()),
        headers: ["accept", "authorization", "cookie", "host", "user-agent"]
            .map(|name| (name.to_owned(), "Bearer 0123456789abcdef".to_owned()))
            .into(),
        ..Request::default()
    });
    event
}

fn on_the_request_path(criterion: &mut Criterion) {
    let (hub, _latest) = hub();
    let mut group = criterion.benchmark_group("request path");
    group.bench_function("runtime statistics", |bench| bench.iter(runtime_stats::read));
    group.bench_function("an error and its stack", |bench| bench.iter(|| stake(black_box("ten"))));
    group.bench_function("a report: event, contexts, queue", |bench| {
        let error = stake("ten");
        Hub::run(Arc::clone(&hub), || {
            bench.iter(|| error.as_ref().err().and_then(Traced::report));
        });
    });
    group.finish();
}

fn on_the_transports_thread(criterion: &mut Criterion) {
    let (hub, latest) = hub();
    let event = specimen(&hub, &latest);
    let rules: Rules = RULES.parse().unwrap_or_default();
    let mut group = criterion.benchmark_group("transport's thread");
    group.bench_function("fingerprint, the last of ten rules", |bench| {
        bench.iter(|| rules.fingerprint(black_box(&event)));
    });
    group.bench_function("redaction", |bench| {
        let redact = |mut event: Event<'static>| {
            redaction::event(&mut event);
            event
        };
        bench.iter_batched(|| event.clone(), redact, BatchSize::SmallInput);
    });
    let processor = EventProcessor {
        service: SERVICE.name,
        in_app: SERVICE.in_app.to_vec(),
        rules,
        own: trace_header::OwnContext {
            public_key: "key".to_owned(),
            release: "bench@1.0.0".to_owned(),
            environment: "bench".to_owned(),
            org_id: None,
        },
    };
    group.bench_function("everything, with a stack that was seen before", |bench| {
        let envelope = || Envelope::from(event.clone());
        bench.iter_batched(envelope, |envelope| processor.envelope(envelope), BatchSize::SmallInput);
    });
    group.finish();
}

/// What costs most to look at. Real texts are cut long before they are so long.
fn a_megabyte_to_redact(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("redaction of 1 MB");
    group.sample_size(10);
    for unit in [
        "a:",
        "token a:",
        "password=\"",
        "a://",
        "u:p@",
        "%25",
        "\\\"",
        "[{",
        "eyJ",
        "4111 ",
        "DE89",
        "prose ",
    ] {
        let text = format!("X-A: token {}", unit.repeat((1 << 20) / unit.len()));
        let redact = |mut text: String| {
            redaction::text(&mut text);
            text
        };
        group
            .bench_function(unit, |bench| bench.iter_batched(|| text.clone(), redact, BatchSize::LargeInput));
    }
    group.finish();
}

criterion_group!(parts, on_the_request_path, on_the_transports_thread, a_megabyte_to_redact);
criterion_main!(parts);

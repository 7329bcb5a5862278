//! What each part of an event costs: those that a request waits for, and those on the transport's thread.
//!
//! ```sh
//! cargo bench -p sentry-context
//! ```

use std::hint::black_box;
use std::num::ParseFloatError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use divan::Bencher;
use sentry_context::client::Delivery;
use sentry_context::client::{self, Config, Service};
use sentry_context::event_processor::EventProcessor;
use sentry_context::fingerprint::Rules;
use sentry_context::platform::Portable;
use sentry_context::profile::Profiling;
use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::Transport;
use sentry_context::sentry::protocol::{EnvelopeItem, Event, Request};
use sentry_context::sentry::{Client, ClientOptions, Envelope, Hub, User};
use sentry_context::trace::dynamic_sampling::OwnContext;
use sentry_context::{Facts, breadcrumbs, facts, redaction, runtime_stats};

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
    platform: &Portable,
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
        profiling: Profiling::default(),
        rules: rules(),
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

fn rules() -> Rules {
    RULES.parse().unwrap_or_default()
}

/// An event as it leaves the request path.
fn event() -> Event<'static> {
    let (hub, latest) = hub();
    Hub::run(hub, || stake("ten").err().and_then(|error| error.report()));
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

#[divan::bench_group]
mod request_path {
    use super::*;

    #[divan::bench]
    fn runtime_statistics() -> runtime_stats::RuntimeStats {
        runtime_stats::read()
    }

    #[divan::bench]
    fn an_error_and_its_stack() -> Result<f64, Traced<StakeError>> {
        stake(black_box("ten"))
    }

    /// The event, its contexts, and the queue.
    #[divan::bench]
    fn a_report(bencher: Bencher) {
        let (hub, _latest) = hub();
        let error = stake("ten");
        Hub::run(hub, || bencher.bench_local(|| error.as_ref().err().and_then(Traced::report)));
    }
}

#[divan::bench_group]
mod transport_thread {
    use super::*;

    /// The last of ten rules matches.
    #[divan::bench]
    fn fingerprint(bencher: Bencher) {
        let (rules, event) = (rules(), event());
        bencher.bench_local(|| rules.fingerprint(black_box(&event)));
    }

    #[divan::bench]
    fn redact(bencher: Bencher) {
        let event = event();
        bencher.with_inputs(|| event.clone()).bench_local_refs(redaction::event);
    }

    /// All of it, with a stack that was seen before.
    #[divan::bench]
    fn process_an_envelope(bencher: Bencher) {
        let event = event();
        let own = OwnContext {
            public_key: "key".to_owned(),
            release: "bench@1.0.0".to_owned(),
            environment: "bench".to_owned(),
            org_id: None,
        };
        let in_app = SERVICE.in_app.to_vec();
        let processor = EventProcessor { service: SERVICE.name, in_app, rules: rules(), own };
        bencher
            .with_inputs(|| Envelope::from(event.clone()))
            .bench_local_values(|envelope| processor.envelope(envelope));
    }
}

/// One megabyte of what costs most to redact. Texts are cut long before they are so long.
#[divan::bench(
    sample_count = 10,
    args = ["a:", "token a:", "password=\"", "a://", "u:p@", "%25", "\\\"", "[{", "eyJ", "4111 ", "DE89", "prose "],
)]
fn redact_a_megabyte(bencher: Bencher, unit: &str) {
    let text = format!("X-A: token {}", unit.repeat((1 << 20) / unit.len()));
    bencher.with_inputs(|| text.clone()).bench_local_refs(redaction::text);
}

fn main() {
    divan::main();
}

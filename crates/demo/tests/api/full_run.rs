//! Every scenario of every service, fired once at real processes, and all that came of it. Tests look at one and the same
//! run: it takes some seconds, and nothing of it changes.

use demo::services::{SERVICES, Service};
use fixtures::service::Service as Process;
use inbox::{Inbox, Issue, Options, Sessions};
use reqwest::{Client, Method, RequestBuilder};
use scenario::listing::{Entry, Listing};
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::helpers::turn;

/// All that a full run left.
pub(crate) struct FullRun {
    pub(crate) calls: Vec<Call>,
    pub(crate) events: Vec<Value>,
    pub(crate) transactions: Vec<Value>,
    pub(crate) logs: Vec<Value>,
    pub(crate) metrics: Vec<Value>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) sessions: Vec<Sessions>,
    pub(crate) bytes: Vec<u8>,
    /// What the services wrote to their terminals.
    pub(crate) terminal: String,
}

/// A scenario that was fired.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) scenario: Entry,
    pub(crate) run: String,
    pub(crate) trace: String,
    pub(crate) status: u16,
    pub(crate) header: Option<String>,
    pub(crate) body: Value,
}

/// How to fire, beside what each scenario itself needs.
pub(crate) struct Setup {
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) prepare: fn(RequestBuilder) -> RequestBuilder,
}

/// The full run that tests share: with a database where one can be had.
pub(crate) async fn full_run() -> &'static FullRun {
    static SHARED: OnceCell<FullRun> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let _turn = turn().await;
            let database = fixtures::mongo::url().map(|url| ("MONGODB_URL", url));
            let environment = database.into_iter().chain([("LOG_FORMAT", "json".to_owned())]).collect();
            fire(Setup { environment, prepare: |request| request }).await
        })
        .await
}

/// Starts the services, fires all their scenarios one by one, and stops them, so that all they had is delivered.
pub(crate) async fn fire(setup: Setup) -> FullRun {
    let inbox = Inbox::start_with(Options { keep_raw: true, ..Options::default() }).await.expect("an inbox");
    let (mut calls, mut terminal) = (Vec::new(), String::new());
    for service in &SERVICES {
        let mut process = start(service, &inbox, &setup.environment);
        let before = inbox.events().len();
        let fired = all_of(service, process.url(), &setup).await;
        let promised: usize = fired.iter().map(|call| call.scenario.expect.events).sum();
        inbox
            .wait_until(service.name, |inbox| inbox.events().len() >= before + promised)
            .await
            .expect("every promised event");
        assert_eq!(process.terminate(), Some(0), "{}", service.name);
        terminal.push_str(&process.log());
        calls.extend(fired);
    }
    FullRun {
        calls,
        events: inbox.events(),
        transactions: inbox.transactions(),
        logs: inbox.logs(),
        metrics: inbox.metrics(),
        issues: inbox.issues(),
        sessions: inbox.sessions(),
        bytes: inbox.received_bytes().concat(),
        terminal,
    }
}

/// A process of one service, whose events go to the inbox.
pub(crate) fn start(service: &Service, inbox: &Inbox, environment: &[(&'static str, String)]) -> Process {
    let dsn = inbox.dsn_for(service.project);
    let reported = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let environment: Vec<_> = reported.chain([("SENTRY_DSN", dsn.as_str())]).collect();
    Process::start_with(env!("CARGO_BIN_EXE_demo"), &["serve", service.name], &environment)
}

async fn all_of(service: &Service, url: &str, setup: &Setup) -> Vec<Call> {
    let http = client();
    let get = (setup.prepare)(http.get(format!("{url}{}", service.catalogue.path)));
    let reported = get.send().await.expect("the catalogue").bytes().await.expect("the catalogue");
    let mut catalogue = Listing::read(&reported).expect("a catalogue");
    if !setup
        .environment
        .iter()
        .any(|(name, value)| *name == "MONGODB_URL" && !value.contains("127.0.0.1:1/"))
    {
        catalogue = catalogue.without_database();
    }
    let mut calls = Vec::new();
    for scenario in catalogue.scenarios {
        calls.push(call_scenario(&http, url, scenario, setup).await);
    }
    calls
}

async fn call_scenario(http: &Client, url: &str, scenario: Entry, setup: &Setup) -> Call {
    let (run, trace) = (format!("run-{}", Uuid::new_v4()), Uuid::new_v4().simple().to_string());
    let method: Method = scenario.method.as_str().parse().expect("a method");
    let request = http
        .request(method, format!("{url}{}", scenario.path_and_query()))
        .header("X-Demo-Run", &run)
        .header("X-User-Id", "alice")
        .header("sentry-trace", format!("{trace}-00f067aa0ba902b7-1"))
        .header("baggage", format!("sentry-trace_id={trace},sentry-public_key=front,sentry-release=front@1"));
    let answer = (setup.prepare)(request).send().await.expect("an answer");
    let header = answer.headers().get("X-Sentry-Event-Id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let body = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    Call { scenario, run, trace, status, header, body }
}

pub(crate) fn client() -> Client {
    // One of the tests' processes may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing is encrypted, and to read the machine's certificates takes longer than many a test.
    Client::builder().tls_certs_only([]).build().expect("a client")
}

impl FullRun {
    /// The events of a call, in the order in which they arrived.
    pub(crate) fn events_of(&self, call: &Call) -> Vec<&Value> {
        of_run(&self.events, call)
    }

    /// The transaction of a call.
    pub(crate) fn transaction_of(&self, call: &Call) -> &Value {
        let found = of_run(&self.transactions, call);
        assert_eq!(found.len(), 1, "{}", call.scenario.id);
        found[0]
    }
}

fn of_run<'v>(payloads: &'v [Value], call: &Call) -> Vec<&'v Value> {
    payloads.iter().filter(|payload| payload["tags"]["demo.run_id"] == call.run.as_str()).collect()
}

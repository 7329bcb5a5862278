//! Every scenario of every service, fired once at real processes, and all that came of it. Tests look at one and the same
//! volley: it takes some seconds, and nothing of it changes.

use demo::check::catalogue::{Catalogue, Scenario};
use demo::services::{SERVICES, Service};
use fixtures::service::Service as Process;
use inbox::{Inbox, Issue, Options, Sessions};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// All that a volley left.
pub(crate) struct Volley {
    pub(crate) shots: Vec<Shot>,
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
pub(crate) struct Shot {
    pub(crate) scenario: Scenario,
    pub(crate) run: String,
    pub(crate) trace: String,
    pub(crate) status: u16,
    pub(crate) header: Option<String>,
    pub(crate) body: Value,
}

/// How to fire, beside what each scenario itself needs.
pub(crate) struct Aim {
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) dress: fn(RequestBuilder) -> RequestBuilder,
}

/// The volley that tests share: with a database where one can be had.
pub(crate) async fn volley() -> &'static Volley {
    static SHARED: OnceCell<Volley> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let database = fixtures::mongo::url().map(|url| ("MONGODB_URL", url));
            let environment = database.into_iter().chain([("LOG_FORMAT", "json".to_owned())]).collect();
            fire(Aim { environment, dress: |request| request }).await
        })
        .await
}

/// Starts the services, fires all their scenarios one by one, and stops them, so that all they had is delivered.
pub(crate) async fn fire(aim: Aim) -> Volley {
    let inbox = Inbox::start_with(Options { keep_raw: true, ..Options::default() }).await.expect("an inbox");
    let (mut shots, mut terminal) = (Vec::new(), String::new());
    for service in &SERVICES {
        let mut process = start(service, &inbox, &aim.environment);
        let before = inbox.events().len();
        let fired = all_of(service, process.url(), &aim).await;
        let promised: usize = fired.iter().map(|shot| shot.scenario.expect.events).sum();
        inbox
            .wait_until(service.name, |inbox| inbox.events().len() >= before + promised)
            .await
            .expect("every promised event");
        assert_eq!(process.terminate(), Some(0), "{}", service.name);
        terminal.push_str(&process.log());
        shots.extend(fired);
    }
    Volley {
        shots,
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
    let told = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let environment: Vec<_> = told.chain([("SENTRY_DSN", dsn.as_str())]).collect();
    Process::start_with(env!("CARGO_BIN_EXE_demo"), &["serve", service.name], &environment)
}

async fn all_of(service: &Service, url: &str, aim: &Aim) -> Vec<Shot> {
    let http = client();
    let get = (aim.dress)(http.get(format!("{url}{}", service.catalogue.path)));
    let told = get.send().await.expect("the catalogue").bytes().await.expect("the catalogue");
    let mut catalogue: Catalogue = serde_json::from_slice(&told).expect("a catalogue");
    if !aim.environment.iter().any(|(name, value)| *name == "MONGODB_URL" && !value.contains("127.0.0.1:1/"))
    {
        catalogue = catalogue.without_database();
    }
    let mut shots = Vec::new();
    for scenario in catalogue.scenarios {
        shots.push(shoot(&http, url, scenario, aim).await);
    }
    shots
}

async fn shoot(http: &Client, url: &str, scenario: Scenario, aim: &Aim) -> Shot {
    let (run, trace) = (format!("run-{}", Uuid::new_v4()), Uuid::new_v4().simple().to_string());
    let method: Method = scenario.method.parse().expect("a method");
    let request = http
        .request(method, scenario.url(url).expect("a URL"))
        .header("X-Demo-Run", &run)
        .header("X-User-Id", "alice")
        .header("sentry-trace", format!("{trace}-00f067aa0ba902b7-1"))
        .header("baggage", format!("sentry-trace_id={trace},sentry-public_key=front,sentry-release=front@1"));
    let answer = (aim.dress)(request).send().await.expect("an answer");
    let header = answer.headers().get("X-Sentry-Event-Id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let body = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    Shot { scenario, run, trace, status, header, body }
}

pub(crate) fn client() -> Client {
    // One of the tests' processes may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

impl Volley {
    /// The events of a shot, in the order in which they arrived.
    pub(crate) fn events_of(&self, shot: &Shot) -> Vec<&Value> {
        of_run(&self.events, shot)
    }

    /// The transaction of a shot.
    pub(crate) fn transaction_of(&self, shot: &Shot) -> &Value {
        let found = of_run(&self.transactions, shot);
        assert_eq!(found.len(), 1, "{}", shot.scenario.id);
        found[0]
    }
}

fn of_run<'v>(payloads: &'v [Value], shot: &Shot) -> Vec<&'v Value> {
    payloads.iter().filter(|payload| payload["tags"]["demo.run_id"] == shot.run.as_str()).collect()
}

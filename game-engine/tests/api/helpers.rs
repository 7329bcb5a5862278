//! A really started app and the inbox that its events go to.

use broker::Publisher;
use fixtures::service::Service;
use game_engine::server::Server;
use game_engine::settings::{SERVICE, Settings};
use inbox::Inbox;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use scenario::Guards;
use sentry_context::client::{self, Config};
use sentry_context::database::Database;
use sentry_context::stall;
use sentry_context::transport::Delivery;
use serde_json::Value;

pub(crate) struct App {
    pub(crate) url: String,
    pub(crate) inbox: Inbox,
    pub(crate) http: Client,
    /// The process, if it is one of its own.
    pub(crate) service: Option<Service>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// An app with its own Sentry client and inbox.
pub(crate) async fn spawn_app() -> App {
    spawn_app_with(|_| ()).await
}

/// The same with other settings.
pub(crate) async fn spawn_app_with(change: impl FnOnce(&mut Settings)) -> App {
    let inbox = Inbox::start().await.unwrap();
    let mut settings = settings(&inbox.dsn());
    change(&mut settings);
    let database = Database::connect(settings.mongodb_url.as_deref()).await.unwrap();
    let publisher = Publisher::start(settings.rabbitmq.clone());
    let server = Server::bind(&settings, client::hub(&settings.sentry), database, publisher).unwrap();
    let url = format!("http://{}", server.address());
    actix_web::rt::spawn(server.run());
    App { url, inbox, http: http(), service: None }
}

/// The binary, in a process of its own, with its own inbox.
pub(crate) async fn spawn_process() -> App {
    let inbox = Inbox::start().await.unwrap();
    let service = Service::start(env!("CARGO_BIN_EXE_game-engine"), &[("SENTRY_DSN", &inbox.dsn())]);
    App { url: service.url().to_owned(), inbox, http: http(), service: Some(service) }
}

fn settings(dsn: &str) -> Settings {
    Settings {
        host: [127, 0, 0, 1].into(),
        port: 0,
        workers: Some(2),
        sentry: Config {
            service: &SERVICE,
            dsn: Some(dsn.parse().unwrap()),
            release: "game-engine@test".to_owned(),
            environment: "test".to_owned(),
            traces_sample_rate: 1.0,
            stall_threshold: stall::THRESHOLD,
            rules: SERVICE.fingerprint_rules.parse().unwrap(),
            delivery: Delivery::default(),
        },
        guards: Guards::new(true, None),
        mongodb_url: None,
        rabbitmq: None,
        memory_leak_limit_mb: 64,
    }
}

pub(crate) fn http() -> Client {
    // One of the tests' processes may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

impl App {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// What of a scenario is still held, as the catalogue says.
    pub(crate) async fn active(&self, id: &str) -> Value {
        let catalogue = self.get("/debug").await.body;
        let mut scenarios = catalogue["scenarios"].as_array().unwrap().iter();
        scenarios.find(|it| it["id"] == id).unwrap()["active"].clone()
    }

    /// The event that the answer names.
    pub(crate) async fn event_of(&self, answer: &Answer) -> Value {
        let id = answer.body["event_id"].as_str().expect("the answer names no event");
        self.event(&format!("event {id}"), |event| event["event_id"] == id).await
    }

    /// The first event that fits, once it is there.
    pub(crate) async fn event(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let found = |inbox: &Inbox| inbox.events().into_iter().find(&fits);
        self.inbox.wait_until(what, |inbox| found(inbox).is_some()).await.unwrap();
        found(&self.inbox).unwrap()
    }

    /// The first transaction of that name, once it is there.
    pub(crate) async fn transaction(&self, name: &str) -> Value {
        let found = |inbox: &Inbox| inbox.transactions().into_iter().find(|it| it["transaction"] == name);
        self.inbox.wait_until(name, |inbox| found(inbox).is_some()).await.unwrap();
        found(&self.inbox).unwrap()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}

/// The innermost frame of the outermost exception.
pub(crate) fn top_frame(event: &Value) -> &Value {
    let exception = event["exception"]["values"].as_array().and_then(|all| all.last()).unwrap();
    exception["stacktrace"]["frames"].as_array().and_then(|all| all.last()).unwrap()
}

/// The outermost exception.
pub(crate) fn exception(event: &Value) -> &Value {
    event["exception"]["values"].as_array().and_then(|all| all.last()).unwrap()
}

//! The calls: one per scenario, each recognisable in what it causes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use healthcheck::UNSAMPLED;
use reqwest::{Client, Method, RequestBuilder, Url};
use scenario::DEBUG_TOKEN;
use scenario::listing::{Entry, Listing};
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use super::call::{Answer, Call};
use super::checked::Checked;
use super::error::CheckError;
use crate::http::{body, reason};
use crate::services;

/// Between two questions to a service that does not know yet whether its database is there, and how many.
const READY_PAUSE: Duration = Duration::from_millis(100);
const READY_TRIES: u32 = 50;

/// Fires scenarios, and reads the catalogues that name them.
#[derive(Debug)]
pub struct ScenarioClient {
    http: Client,
    /// Bearer token of the debug routes.
    token: Option<String>,
    fired: AtomicUsize,
}

impl ScenarioClient {
    /// A client that knows the token in `DEBUG_TOKEN`, if there is one.
    pub fn new(http: Client) -> Self {
        let token = std::env::var(DEBUG_TOKEN.name).ok().filter(|token| !token.is_empty());
        Self { http, token, fired: AtomicUsize::new(0) }
    }

    /// Whether the debug routes are called with a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Reads the catalogue of each service.
    pub async fn catalogues(&self, urls: &[String]) -> Result<Vec<Checked>, CheckError> {
        let mut services = Vec::with_capacity(urls.len());
        for url in urls {
            let catalogue = self.catalogue(url).await?;
            let database = self.reaches_database(url).await?;
            let catalogue = if database == Some(false) { catalogue.without_database() } else { catalogue };
            services.push(Checked { url: url.clone(), catalogue, database });
        }
        Ok(services)
    }

    /// What `/ready` says, once the service knows.
    async fn reaches_database(&self, service: &str) -> Result<Option<bool>, CheckError> {
        for _ in 0..READY_TRIES {
            let ready = self.ready(service).await?;
            match ready["mongodb"].as_str() {
                None => return Ok(None),
                Some("up") => return Ok(Some(true)),
                Some("connecting") => sleep(READY_PAUSE).await,
                Some(_) => return Ok(Some(false)),
            }
        }
        Ok(Some(false))
    }

    /// What the service answers at `/ready`: its dependencies and their states. Null where that is no JSON.
    pub async fn ready(&self, service: &str) -> Result<Value, CheckError> {
        let url = format!("{service}/ready");
        let unreachable = |error| CheckError::Unreachable { url: url.clone(), reason: reason(&error) };
        let answer =
            self.http.get(&url).header("sentry-trace", UNSAMPLED).send().await.map_err(unreachable)?;
        Ok(serde_json::from_slice(&body(answer).await.unwrap_or_default()).unwrap_or_default())
    }

    /// Reads the catalogue of the service at that URL.
    pub async fn catalogue(&self, service: &str) -> Result<Listing, CheckError> {
        let unreachable = |error| CheckError::Unreachable { url: service.to_owned(), reason: reason(&error) };
        let mut refusal = None;
        for path in services::debug_paths() {
            let url = format!("{service}{path}");
            let answer = self
                .authorised(self.http.get(&url))
                .header("sentry-trace", UNSAMPLED)
                .send()
                .await
                .map_err(unreachable)?;
            if answer.status().is_success() {
                let read = body(answer).await;
                let read = read.and_then(|read| Listing::read(&read).map_err(|error| error.to_string()));
                return read.map_err(|reason| CheckError::Unreadable { url, reason });
            }
            // The refusal of a path that exists says more than the 404 of one that does not.
            if refusal.is_none_or(|known| known == reqwest::StatusCode::NOT_FOUND) {
                refusal = Some(answer.status());
            }
        }
        let status = refusal.unwrap_or_default();
        Err(CheckError::NoCatalogue { url: service.to_owned(), status })
    }

    /// Calls the scenario once and awaits the answer; that there is none is an answer too.
    pub async fn fire(&self, service: &Checked, scenario: &Entry) -> Call {
        self.fire_in(new_run(), &service.url, scenario).await
    }

    /// The same as one of the calls of a run, of a service at that URL.
    pub async fn fire_in(&self, run_id: String, service: &str, scenario: &Entry) -> Call {
        let n = self.fired.fetch_add(1, Ordering::Relaxed) + 1;
        let in_path = scenario.user_in_path();
        let mut call = Call {
            run_id,
            trace_id: Uuid::new_v4().simple().to_string(),
            span_id: Uuid::new_v4().simple().to_string().chars().take(16).collect(),
            user_id: in_path.clone().unwrap_or_else(|| format!("check-{n}")),
            secret: format!("secret-{}", Uuid::new_v4().simple()),
            answer: Err(String::new()),
            elapsed: Duration::ZERO,
        };
        let started = Instant::now();
        call.answer = match request_parts(service, scenario) {
            Ok((method, url)) => self.send(method, url, &call, in_path.is_none()).await,
            Err(reason) => Err(reason),
        };
        call.elapsed = started.elapsed();
        call
    }

    async fn send(&self, method: Method, url: Url, call: &Call, name_user: bool) -> Result<Answer, String> {
        let mut request = self
            .authorised(self.http.request(method, url))
            .header("X-Demo-Run", &call.run_id)
            .header("X-Api-Key", &call.secret)
            .header("Cookie", format!("session={}", call.secret))
            .header("sentry-trace", format!("{}-{}-1", call.trace_id, call.span_id));
        if name_user {
            request = request.header("X-User-Id", &call.user_id);
        }
        let answer = request.send().await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        let header = answer.headers().get("X-Sentry-Event-Id").and_then(|id| id.to_str().ok());
        let event_id_header = header.map(str::to_owned);
        let body = serde_json::from_slice(&body(answer).await?).unwrap_or_default();
        Ok(Answer { status, body, event_id_header })
    }

    /// Status of the service's health route.
    pub async fn health(&self, service: &str) -> Result<u16, String> {
        let answer = self.http.get(format!("{service}/health")).send().await;
        answer.map(|answer| answer.status().as_u16()).map_err(|error| reason(&error))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// The id of a run, which its events have as a tag.
pub fn new_run() -> String {
    format!("check-{}", Uuid::new_v4().simple())
}

fn request_parts(service: &str, scenario: &Entry) -> Result<(Method, Url), String> {
    let method = match scenario.method {
        scenario::Method::Get => Method::GET,
        scenario::Method::Post => Method::POST,
        scenario::Method::Delete => Method::DELETE,
    };
    let url = format!("{service}{}", scenario.path_and_query());
    Ok((method, Url::parse(&url).map_err(|error| error.to_string())?))
}

//! What asks the payment provider, which refuses some payments: `ERROR_RATE` of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use sentry_context::facts;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::step::Step;

use crate::error::{PaymentError, Result};
use crate::provider::PATH;

/// How long the provider may take, the connection included.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Connections that wait for the next payment, at most.
const IDLE_CONNECTIONS: usize = 64;

/// How long they wait: not as long as a server keeps them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// Has payments approved.
#[derive(Debug, Clone)]
pub struct Processor {
    http: Client,
    provider: SocketAddr,
}

impl Processor {
    /// One that asks the provider at that address.
    pub fn new(provider: SocketAddr) -> reqwest::Result<Self> {
        // Fails if one is installed already, which is as good. Nothing here is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            // It is on loopback, and nothing is encrypted.
            .no_proxy()
            .tls_certs_only([]);
        Ok(Self { http: http.build()?, provider })
    }

    /// Asks for approval; nothing has changed where it is refused. How long that took.
    pub async fn approve(&self) -> Result<Duration> {
        let data = facts([("timeout_ms", (TIMEOUT.as_millis() as u64).into())]);
        let _approval = Step::begin("processor", "asking the provider for approval", data);
        let asked = Instant::now();
        let status = self.charge().await.map_err(PaymentError::ProviderUnreachable)?;
        if !status.is_success() {
            return Err(PaymentError::ProcessorRefused.into());
        }
        Ok(asked.elapsed())
    }

    /// The provider is another company's: it gets no trace.
    async fn charge(&self) -> reqwest::Result<StatusCode> {
        let Self { http, provider } = self;
        let url = format!("http://{provider}{PATH}");
        let call = Step::silent("http.client", &format!("POST {url}"));
        call.set("http.request.method", "POST".into());
        call.set("server.address", provider.ip().to_string().into());
        call.set("server.port", provider.port().into());
        // Where it stands differs from process to process, and says nothing to whoever reads the event.
        let answer = http.post(&url).send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status();
        call.set("http.response.status_code", status.as_u16().into());
        call.set_status(span_status(status));
        Ok(status)
    }
}

fn span_status(status: StatusCode) -> SpanStatus {
    if status.is_success() { SpanStatus::Ok } else { SpanStatus::FailedPrecondition }
}

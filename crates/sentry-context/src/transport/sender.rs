//! The thread that sends: a small runtime with a task per connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use sentry::client_report::{Reason, Recorder};
use sentry::protocol::{EnvelopeFilterCallbacks, EnvelopeItem};
use sentry::transports::{RateLimiter, RateLimitingCategory};
use sentry::{Envelope, TransportOptions};

use super::lanes::Lanes;
use super::{CONNECTIONS, wire};
use crate::finish::Finisher;
use crate::frames;

/// Longest wait for one answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next envelope. A burst opens all; none of them is left open for long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the symbol tables may lie idle, at least.
const REST_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Sender {
    url: String,
    auth: String,
    lanes: Arc<Lanes>,
    finisher: Arc<Finisher>,
    recorder: Recorder,
    limits: Mutex<RateLimiter>,
}

impl Sender {
    pub(super) fn new(options: &TransportOptions, lanes: Arc<Lanes>, finisher: Arc<Finisher>) -> Self {
        Self {
            url: options.dsn.envelope_api_url().to_string(),
            auth: options.dsn.to_auth(Some(&options.user_agent)).to_string(),
            lanes,
            finisher,
            recorder: options.client_report_recorder.clone(),
            limits: Mutex::default(),
        }
    }

    /// Sends until the lanes are closed. Runs on a thread of its own.
    pub(super) fn run(self) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tracing::error!(%error, "no runtime for the transport"),
        };
        runtime.block_on(async {
            let client = match client() {
                Ok(client) => client,
                Err(error) => return tracing::error!(%error, "no HTTP client for the transport"),
            };
            let connections = (0..CONNECTIONS).map(|_| self.serve(&client));
            tokio::select! {
                _ = futures_util::future::join_all(connections) => (),
                () = rest() => (),
            }
        });
    }

    async fn serve(&self, client: &reqwest::Client) {
        while let Some(envelope) = self.lanes.next().await {
            if let Some(envelope) = self.allowed(envelope) {
                self.deliver(client, self.finisher.envelope(envelope)).await;
            }
            self.lanes.done();
            if self.lanes.is_closed() {
                break;
            }
        }
        // Wakes the next one that waits: a closed queue ends all.
        self.lanes.close();
    }

    async fn deliver(&self, client: &reqwest::Client, envelope: Envelope) {
        let body = match wire::bytes(&envelope) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "an envelope could not be written");
                return self.recorder.record_lost_data(&envelope, Reason::InternalError);
            }
        };
        let request = client
            .post(&self.url)
            .header("X-Sentry-Auth", &self.auth)
            // Without it Spotlight answers 200 and ignores the envelope.
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .body(body);
        match request.send().await {
            Ok(response) => self.heed(&response, &envelope),
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "Sentry cannot be reached");
                self.recorder.record_lost_data(&envelope, Reason::NetworkError);
            }
        }
    }

    /// Keeps to the server's rate limits, and counts what it refused.
    fn heed(&self, response: &Response, envelope: &Envelope) {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = header("x-sentry-rate-limits") {
            limits.update_from_sentry_header(told);
        } else if let Some(told) = header(RETRY_AFTER.as_str()) {
            limits.update_from_retry_after(told);
        } else if response.status() == StatusCode::TOO_MANY_REQUESTS {
            limits.update_from_429();
        }
        drop(limits);
        // The server itself counts what it answers with 429.
        let status = response.status();
        if !status.is_success() && status != StatusCode::TOO_MANY_REQUESTS {
            self.recorder.record_lost_data(envelope, Reason::SendError);
        }
    }

    /// The envelope without the items that the server does not want now; its headers stay.
    fn allowed(&self, envelope: Envelope) -> Option<Envelope> {
        let limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let headers = envelope.headers().clone();
        let filter = EnvelopeFilterCallbacks::new(
            |item: &EnvelopeItem| limits.is_enabled(category(item)),
            |item: EnvelopeItem| self.recorder.record_lost_data(&item, Reason::RatelimitBackoff),
        );
        envelope.filter(filter).map(|envelope| envelope.with_headers(headers))
    }
}

/// Gives the symbol tables' memory back while nothing new is to be resolved.
async fn rest() {
    loop {
        tokio::time::sleep(REST_INTERVAL).await;
        frames::rest();
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // One TLS stack for all: rustls with ring. Another crate may have chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(REQUEST_TIMEOUT)
        .pool_max_idle_per_host(CONNECTIONS)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()
}

fn category(item: &EnvelopeItem) -> RateLimitingCategory {
    match item {
        EnvelopeItem::Event(_) => RateLimitingCategory::Error,
        EnvelopeItem::SessionUpdate(_) | EnvelopeItem::SessionAggregates(_) => RateLimitingCategory::Session,
        EnvelopeItem::Transaction(_) => RateLimitingCategory::Transaction,
        EnvelopeItem::Attachment(_) => RateLimitingCategory::Attachment,
        _ => RateLimitingCategory::Any,
    }
}

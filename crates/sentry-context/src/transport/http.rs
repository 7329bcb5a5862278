//! One attempt to hand a letter to a server.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use sentry::TransportOptions;

use super::letter::Letter;

/// Longest wait for one answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next envelope. A burst opens all; none of them is left open for long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where envelopes are sent.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    url: reqwest::Url,
    headers: HeaderMap,
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) limits: Option<String>,
    pub(super) retry_after: Option<String>,
}

impl Endpoint {
    /// The server of the DSN.
    pub(super) fn sentry(options: &TransportOptions, connections: usize) -> Result<Self, EndpointError> {
        let mut headers = HeaderMap::new();
        let auth = options.dsn.to_auth(Some(&options.user_agent)).to_string();
        headers.insert("X-Sentry-Auth", HeaderValue::try_from(auth)?);
        let client = client()?.pool_max_idle_per_host(connections).build()?;
        let url = options.dsn.envelope_api_url().as_str().parse().map_err(|_| EndpointError::Url)?;
        Ok(Self { client, url, headers }.with_content_type())
    }

    /// A Spotlight sidecar, which is on this machine: no proxy is asked.
    pub(super) fn spotlight(url: &reqwest::Url) -> Result<Self, EndpointError> {
        let client = client()?.no_proxy().pool_max_idle_per_host(1).build()?;
        Ok(Self { client, url: url.clone(), headers: HeaderMap::new() }.with_content_type())
    }

    /// Without it Spotlight answers 200 and ignores the envelope.
    fn with_content_type(mut self) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-sentry-envelope"));
        self
    }

    pub(super) async fn post(&self, letter: &Letter) -> Result<Answer, reqwest::Error> {
        let mut headers = self.headers.clone();
        if letter.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let request = self.client.post(self.url.clone()).headers(headers).body(letter.body.clone());
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let answer = Answer::of(&response);
        // Read to its end, so that the connection can be used again.
        let _ = response.bytes().await;
        Ok(answer)
    }

    /// For logs: no key, no secret.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl Answer {
    fn of(response: &Response) -> Self {
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        Self {
            status: response.status(),
            limits: header("x-sentry-rate-limits"),
            retry_after: header(RETRY_AFTER.as_str()),
        }
    }

    /// Is the server in trouble, so that the same request may succeed later?
    pub(super) fn is_trouble(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }
}

/// There is no way to send anything.
#[derive(Debug, thiserror::Error)]
pub(super) enum EndpointError {
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the DSN makes no header: {0}")]
    Header(#[from] reqwest::header::InvalidHeaderValue),
    #[error("the DSN makes no URL")]
    Url,
}

fn client() -> Result<reqwest::ClientBuilder, reqwest::Error> {
    // One TLS stack for all: rustls with ring. Another crate may have chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().timeout(REQUEST_TIMEOUT).pool_idle_timeout(IDLE_TIMEOUT))
}

//! One attempt to send an encoded envelope to a server, which may answer anything, slowly, or without an end.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use sentry::TransportOptions;

use crate::envelope::EncodedEnvelope;

/// Longest wait for one answer, from the connection to the end of its body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Most of an answer's body that is read, and for how long. Nothing in it is looked at: a short one is read to its end
/// so that the connection can be used again, and a connection with more is closed. The HTTP library bounds the head: 100
/// headers and 408 KiB.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection is kept for the next envelope. A burst opens all; none of them is left open for long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where envelopes are sent.
#[derive(Debug)]
pub(crate) struct Endpoint {
    client: Client,
    url: reqwest::Url,
}

/// What the server said.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// How long it took.
    pub(crate) time: Duration,
    pub(crate) status: StatusCode,
    pub(crate) limits: Option<String>,
    pub(crate) retry_after: Option<String>,
}

impl Endpoint {
    /// The server of the DSN, to which so many idle connections are kept.
    pub(crate) fn sentry(options: &TransportOptions, connections: usize) -> Result<Self, EndpointError> {
        let auth = HeaderValue::try_from(options.dsn.to_auth(Some(&options.user_agent)).to_string())?;
        let headers = [(HeaderName::from_static("x-sentry-auth"), auth)];
        let (client, url) =
            (client(headers).pool_max_idle_per_host(connections), options.dsn.envelope_api_url());
        let client = if is_here(&url) { direct(client, &url) } else { client };
        Ok(Self { client: client.build()?, url })
    }

    /// A Spotlight sidecar, which is on this machine: no proxy is asked.
    pub(crate) fn spotlight(url: &reqwest::Url) -> Result<Self, EndpointError> {
        let client = direct(client([]), url).pool_max_idle_per_host(1).build()?;
        Ok(Self { client, url: url.clone() })
    }

    pub(crate) async fn post(&self, encoded: &EncodedEnvelope) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.post(self.url.clone()).body(encoded.body.clone());
        if encoded.gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let began = Instant::now();
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let answer = Answer {
            time: began.elapsed(),
            status: response.status(),
            limits: header("x-sentry-rate-limits"),
            retry_after: header(RETRY_AFTER.as_str()),
        };
        // The status is known: a body that takes too long changes nothing.
        let _ = tokio::time::timeout(BODY_TIMEOUT, read_body(response)).await;
        Ok(answer)
    }

    /// For logs: no key, no secret.
    pub(crate) fn host(&self) -> &str {
        // Only the DSN has a user.
        self.url.authority()
    }
}

impl Answer {
    /// Has the server neither taken nor refused the envelope, so that the same request may succeed later? A redirect
    /// counts as such: the envelope and its key go to the DSN's server only.
    pub(crate) fn is_trouble(&self) -> bool {
        let status = self.status;
        status.is_server_error() || status.is_redirection() || status == StatusCode::REQUEST_TIMEOUT
    }
}

/// Is that server on this machine? A proxy of the environment cannot reach it, or should not.
fn is_here(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A client that asks no proxy. Without encryption on the way, it needs no certificates: to read those of the machine
/// takes a part of each start.
fn direct(client: ClientBuilder, url: &reqwest::Url) -> ClientBuilder {
    let client = client.no_proxy();
    if url.scheme() == "http" { client.tls_certs_only([]) } else { client }
}

/// Reads a body that is short; drops the connection where it is not.
async fn read_body(mut response: Response) {
    let mut left = MAX_ANSWER_BYTES;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// There is no way to send anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the DSN makes no header: {0}")]
    Header(#[from] reqwest::header::InvalidHeaderValue),
    #[error("no thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// A client that sends these headers, and the content type: without it, Spotlight answers 200 and ignores the envelope.
fn client(headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> ClientBuilder {
    // One TLS stack for all: rustls with ring. Another crate may have chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ty = (CONTENT_TYPE, HeaderValue::from_static("application/x-sentry-envelope"));
    Client::builder()
        .default_headers(headers.into_iter().chain([ty]).collect())
        .timeout(REQUEST_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_server_on_this_machine_is_asked_without_a_proxy() {
        let here =
            ["http://localhost:9000", "http://127.0.0.1:9000", "http://127.8.0.1", "https://[::1]:1/x"];
        let elsewhere = [
            "https://o1.ingest.sentry.io",
            "http://inbox:9000",
            "http://10.0.0.1",
            "http://localhost.example",
        ];
        let is_here = |url: &str| super::is_here(&url.parse().unwrap());
        assert_eq!((here.map(is_here), elsewhere.map(is_here)), ([true; 4], [false; 4]));
    }
}

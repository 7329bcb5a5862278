//! A copy of every envelope for another server that speaks Sentry's protocol, such as Bugsink.
//!
//! The other server may start later than the inbox, or never: copies wait in a bounded queue, and what does not fit is
//! not forwarded. The inbox itself never waits.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// Bytes of copies that wait. Errors are 10 to 30 kB each.
const CAPACITY: usize = 32 * 1024 * 1024;

/// Between two tries to reach the server.
const PAUSE: Duration = Duration::from_secs(2);

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The header that names the client's key.
const AUTH: &str = "x-sentry-auth";

/// What is still to be sent: the same request once more.
struct Copy {
    path: String,
    auth: Option<String>,
    body: Bytes,
    /// Its share of the queue, given back when it is gone.
    _room: OwnedSemaphorePermit,
}

/// The way into the queue.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    queue: UnboundedSender<Copy>,
    room: Arc<Semaphore>,
}

impl Forward {
    /// Starts forwarding on the current runtime, until the last clone is dropped.
    pub(crate) fn start(to: Url) -> reqwest::Result<Self> {
        // Fails only where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        let (queue, copies) = unbounded_channel();
        tokio::spawn(deliver(client, to, copies));
        Ok(Self { queue, room: Arc::new(Semaphore::new(CAPACITY)) })
    }

    /// Leaves a copy, if there is room for it.
    pub(crate) fn copy(&self, request: &HttpRequest, body: &Bytes) {
        let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            tracing::debug!(size, "no room for a copy");
            return;
        };
        let path = request.uri().to_string();
        let copy = Copy { path, auth: auth(request.headers()), body: body.clone(), _room: room };
        let _ = self.queue.send(copy);
    }
}

fn auth(headers: &HeaderMap) -> Option<String> {
    headers.get(AUTH).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn deliver(client: Client, to: Url, mut copies: UnboundedReceiver<Copy>) {
    while let Some(copy) = copies.recv().await {
        let Ok(url) = to.join(&copy.path) else { continue };
        while let Err(error) = post(&client, url.clone(), &copy).await {
            // Only one that was never begun is tried again: what is sent twice is counted twice there.
            if !error.is_connect() {
                tracing::warn!(%error, "a copy may be lost");
                break;
            }
            tracing::debug!(%error, "nobody is there to take copies");
            sleep(PAUSE).await;
        }
    }
}

async fn post(client: &Client, url: Url, copy: &Copy) -> reqwest::Result<()> {
    let mut request = client.post(url).header(CONTENT_TYPE, "application/x-sentry-envelope");
    if let Some(auth) = &copy.auth {
        request = request.header(AUTH, auth);
    }
    let answer = request.body(copy.body.clone()).send().await?;
    if !answer.status().is_success() {
        tracing::warn!(status = answer.status().as_u16(), "a copy was refused");
    }
    Ok(())
}

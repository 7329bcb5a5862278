//! A copy of every envelope for another server with Sentry's protocol, such as Bugsink.
//!
//! The other server may start later than the inbox, or never: copies wait in a bounded queue, and what does not fit is
//! not forwarded. The inbox itself never waits. Clients hear of that server's rate limits with their next envelope, and
//! hold back as they would without the inbox between them.

mod limits;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use limits::Limits;
pub(crate) use limits::RATE_LIMITS;

/// Bytes of copies that wait. Errors are 10 to 30 kB each.
const CAPACITY: usize = 32 * 1024 * 1024;

/// What a copy takes beside its body.
const OVERHEAD: usize = 1024;

/// Between two tries to reach the server.
const PAUSE: Duration = Duration::from_secs(2);

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of an answer that are read; nothing in them is of interest, but then the connection can be used again.
const MAX_ANSWER: usize = 64 * 1024;

/// The header that names the client's key, and the longest value of it that is passed on.
const AUTH: HeaderName = HeaderName::from_static("x-sentry-auth");
const MAX_AUTH: usize = 1024;

/// The longest query that is passed on.
const MAX_QUERY: usize = 1024;

/// The header that marks a copy. A copy is not copied again: two inboxes that forward to each other, or one that
/// forwards to itself under whatever name, would multiply each envelope forever.
pub(crate) const COPY: HeaderName = HeaderName::from_static("x-inbox-copy");

/// What is still to be sent: the same request once more.
struct Copy {
    project: String,
    url: Url,
    auth: Option<String>,
    body: Bytes,
    /// Its share of the queue, given back when it is gone.
    _room: OwnedSemaphorePermit,
}

/// The way into the queue.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    to: Url,
    own_id: Arc<str>,
    queue: UnboundedSender<Copy>,
    room: Arc<Semaphore>,
    limits: SharedLimits,
}

type SharedLimits = Arc<Mutex<Limits>>;

impl Forward {
    /// Starts forwarding on the current runtime, until the last clone is dropped.
    pub(crate) fn start(to: Url) -> reqwest::Result<Self> {
        // Fails only where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT);
        // Without encryption on the way, it needs no certificates, and to read those of the machine takes time.
        let client = if to.scheme() == "http" { client.tls_certs_only([]) } else { client }.build()?;
        let own_id: Arc<str> = uuid::Uuid::new_v4().simple().to_string().into();
        let (queue, copies) = unbounded_channel();
        let limits = SharedLimits::default();
        tokio::spawn(deliver(client, Arc::clone(&own_id), copies, Arc::clone(&limits)));
        Ok(Self { to, own_id, queue, room: Arc::new(Semaphore::new(CAPACITY)), limits })
    }

    /// Whether this request is a copy that this very inbox has sent.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        headers.get(COPY).is_some_and(|id| id.as_bytes() == self.own_id.as_bytes())
    }

    /// Leaves a copy, if there is room for it.
    pub(crate) fn copy(&self, request: &HttpRequest, project: &str, body: &Bytes) {
        if request.headers().contains_key(COPY) {
            return;
        }
        let size = u32::try_from(body.len() + OVERHEAD).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            tracing::debug!(size, "no room for a copy");
            return;
        };
        let url = self.url(project, request.query_string());
        let (project, auth) = (project.to_owned(), auth(request.headers()));
        let copy = Copy { project, url, auth, body: body.clone(), _room: room };
        let _ = self.queue.send(copy);
    }

    /// What that server does not take for now from clients of a project, as a header for them.
    pub(crate) fn rate_limits(&self, project: &str) -> Option<String> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).header(project, Instant::now())
    }

    /// The place of the project on the configured server, whatever server the request itself names.
    fn url(&self, project: &str, query: &str) -> Url {
        let mut url = self.to.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", project, "envelope", ""]);
        }
        url.set_query(Some(query).filter(|query| !query.is_empty() && query.len() <= MAX_QUERY));
        url
    }
}

fn auth(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTH).filter(|value| value.len() <= MAX_AUTH)?;
    value.to_str().ok().map(str::to_owned)
}

async fn deliver(
    client: Client,
    own_id: Arc<str>,
    mut copies: UnboundedReceiver<Copy>,
    limits: SharedLimits,
) {
    while let Some(copy) = copies.recv().await {
        while let Err(error) = post(&client, &own_id, &copy, &limits).await {
            // Only one that was never begun is tried again: what is sent twice is counted twice there.
            if !error.is_connect() {
                tracing::warn!(error = %error.without_url(), "a copy may be lost");
                break;
            }
            tracing::debug!(error = %error.without_url(), "the server for copies does not answer");
            sleep(PAUSE).await;
        }
    }
}

async fn post(client: &Client, own_id: &str, copy: &Copy, limits: &SharedLimits) -> reqwest::Result<()> {
    let mut request = client.post(copy.url.clone()).header(CONTENT_TYPE, "application/x-sentry-envelope");
    request = request.header(COPY.as_str(), own_id);
    if let Some(auth) = &copy.auth {
        request = request.header(AUTH.as_str(), auth);
    }
    let answer = request.body(copy.body.clone()).send().await?;
    limits.lock().unwrap_or_else(PoisonError::into_inner).read(
        &copy.project,
        answer.status(),
        answer.headers(),
        Instant::now(),
    );
    if !answer.status().is_success() {
        tracing::warn!(status = answer.status().as_u16(), "a copy was refused");
    }
    read(answer).await
}

/// Reads a short answer to its end; a longer one ends with its connection.
async fn read(mut answer: Response) -> reqwest::Result<()> {
    let mut read = 0;
    while read <= MAX_ANSWER
        && let Some(piece) = answer.chunk().await?
    {
        read += piece.len();
    }
    Ok(())
}

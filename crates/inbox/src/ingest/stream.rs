//! `/stream`: where SDKs send to [Spotlight](https://spotlightjs.com/), and where its tools listen.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream::unfold;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::refusal::refusal;
use crate::store::Store;
use crate::text::{SHORT, clip};

/// The project of envelopes that name none.
const PROJECT: &str = "spotlight";

/// Most listeners at once.
pub(super) const MAX_LISTENERS: usize = 16;

/// How long an answer lasts. The listener asks again afterwards, and misses nothing.
const LIFE: Duration = Duration::from_secs(30);

/// Most bytes of envelopes that are written at once.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The listeners.
#[derive(Debug, Clone)]
pub(crate) struct Listeners(Arc<Semaphore>);

impl Default for Listeners {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LISTENERS)))
    }
}

/// The project that the header of an envelope names by its DSN.
pub(super) fn project(envelope: &[u8]) -> String {
    let header = envelope.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(header).unwrap_or_default();
    let project = header["dsn"].as_str().and_then(|dsn| dsn.rsplit('/').next());
    let project = project.filter(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()));
    clip(project.unwrap_or(PROJECT), SHORT)
}

/// Envelopes as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html), as they come.
pub(super) async fn listen(
    request: actix_web::HttpRequest,
    store: web::Data<Store>,
    listeners: web::Data<Listeners>,
) -> HttpResponse {
    let Ok(permit) = Arc::clone(&listeners.0).try_acquire_owned() else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "there are too many listeners");
    };
    let seen = request.headers().get("last-event-id").and_then(|it| it.to_str().ok()?.parse().ok());
    let changes = store.changes();
    let last = seen.unwrap_or_else(|| store.read(|state| state.envelopes.latest()));
    let listener =
        Listener { store, changes, last, until: Instant::now() + LIFE, greeted: false, _permit: permit };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-cache"))
        .streaming(unfold(listener, |mut listener| async move {
            let text = listener.next().await?;
            Some((Ok::<_, std::convert::Infallible>(text), listener))
        }))
}

struct Listener {
    store: web::Data<Store>,
    changes: watch::Receiver<u64>,
    /// The number of the envelope that was written last.
    last: u64,
    until: Instant,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Bytes::from_static(b"retry: 100\n\n"));
        }
        loop {
            self.changes.mark_unchanged();
            let newer = self.newer();
            if !newer.is_empty() {
                return Some(newer);
            }
            timeout_at(self.until, self.changes.changed()).await.ok()?.ok()?;
        }
    }

    fn newer(&mut self) -> Bytes {
        let last = self.last;
        let envelopes: Vec<_> = self.store.read(|state| {
            let mut bytes = 0;
            let newer = state.envelopes.after(last).take_while(|(_, body)| {
                bytes += body.len();
                bytes - body.len() < MAX_BYTES
            });
            newer.map(|(id, body)| (id, body.clone())).collect()
        });
        let mut text = String::new();
        for (id, body) in envelopes {
            self.last = id;
            text += &event(id, &body);
        }
        Bytes::from(text)
    }
}

/// Text as it is, line by line; anything else as Base64.
fn event(id: u64, body: &[u8]) -> String {
    let mut event = format!("id: {id}\nevent: application/x-sentry-envelope");
    match std::str::from_utf8(body).ok().filter(|text| !text.contains('\r')) {
        Some(text) => text.split('\n').for_each(|line| event += &format!("\ndata: {line}")),
        None => event += &format!(";base64\ndata: {}", BASE64_STANDARD.encode(body)),
    }
    event + "\n\n"
}

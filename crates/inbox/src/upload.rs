//! The body of an upload, received and decompressed piece by piece: never more of it is held than one envelope may have.

mod decoder;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use http_limits::{Body, Refused};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use decoder::Decoder;

/// Longest envelope, decompressed: [Sentry's own limit](https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits)
/// is 20 MiB compressed and 200 MiB decompressed; half a demo's memory for one envelope would be absurd.
pub(crate) const MAX_ENVELOPE: usize = 20 * 1024 * 1024;

/// Most uploads at once.
const MAX_UPLOADS: usize = 64;

/// Most bytes that unfinished uploads hold together, decoders included.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Encodings of a body that are undone.
const ENCODINGS: [&str; 6] = ["identity", "gzip", "x-gzip", "deflate", "br", "zstd"];

/// Why an upload is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadUpload {
    #[error("content-encoding {0}: known are {known}", known = ENCODINGS.join(", "))]
    Encoding(String),
    #[error("the envelope is longer than {MAX_ENVELOPE} bytes")]
    TooLarge,
    #[error("too many uploads are unfinished; try again")]
    Busy,
    #[error("the body did not arrive in time")]
    Late,
    #[error("the body cannot be read: {0}")]
    Broken(String),
}

impl BadUpload {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<Refused> for BadUpload {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Late => Self::Late,
            Refused::TooLarge(_) => Self::TooLarge,
            Refused::Broken(reason) => Self::Broken(reason),
        }
    }
}

/// The uploads that are unfinished, bounded in number and bytes.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    slots: Arc<Semaphore>,
    bytes: Arc<AtomicUsize>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(MAX_UPLOADS)), bytes: Arc::default() }
    }
}

impl Uploads {
    fn begin(&self) -> Result<Share, BadUpload> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| BadUpload::Busy)?;
        Ok(Share { _slot: slot, all: Arc::clone(&self.bytes), own: 0 })
    }
}

/// What one upload holds of the bytes of all. Dropped, it gives them back.
#[derive(Debug)]
struct Share {
    _slot: OwnedSemaphorePermit,
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), BadUpload> {
        let within = |all: usize| all.checked_add(bytes).filter(|all| *all <= MAX_BYTES);
        self.all.fetch_update(Relaxed, Relaxed, within).map_err(|_| BadUpload::Busy)?;
        self.own += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Relaxed);
    }
}

/// Receives and decompresses the body of a request.
pub(crate) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    uploads: &Uploads,
) -> Result<web::Bytes, BadUpload> {
    let encoding = encoding(request)?;
    let length = request.headers().get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_ENVELOPE as u64) {
        return Err(BadUpload::TooLarge);
    }
    let mut decoder = Decoder::new(&encoding, uploads.begin()?)?;
    let mut body = Body::new(request, payload);
    while let Some(piece) = body.next().await {
        decoder.feed(&piece?)?;
    }
    decoder.finish().map(web::Bytes::from)
}

/// The one encoding of the body.
fn encoding(request: &HttpRequest) -> Result<String, BadUpload> {
    let all: Vec<_> = request.headers().get_all(CONTENT_ENCODING).collect();
    let text =
        |it: &&_| String::from_utf8_lossy(actix_web::http::header::HeaderValue::as_bytes(it)).into_owned();
    let given = all.iter().map(text).collect::<Vec<_>>().join(", ");
    let named = if given.is_empty() { "identity".to_owned() } else { given.trim().to_ascii_lowercase() };
    if ENCODINGS.contains(&named.as_str()) { Ok(named) } else { Err(BadUpload::Encoding(clipped(&given))) }
}

fn clipped(text: &str) -> String {
    text.chars().take(100).collect()
}

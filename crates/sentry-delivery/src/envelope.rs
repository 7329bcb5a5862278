//! What waits for delivery: envelopes as the SDK makes them, and encoded ones, which are ready for the wire.

use std::borrow::Cow;
use std::io;
use std::mem::size_of;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sentry::Envelope;
use sentry::protocol::{EnvelopeFilterCallbacks, EnvelopeHeaders, EnvelopeItem};
use serde_json::{Map, Value};

use crate::category::{Category, Quantity};
use crate::client_reports::{self, Sums};
use crate::gzip::{compress, decompress};
use crate::items::{content, items, line};
use crate::weight;

/// Bodies of this size and more are compressed. Below it, the time costs more than the bytes.
const COMPRESS_FROM: usize = 8 * 1024;

/// The same for errors: they are kept in large numbers, and cost memory as well.
const COMPRESS_ERRORS_FROM: usize = 1024;

/// How old the `sent_at` of a header may be. To write a new one, a compressed body has to be compressed again.
const SENT_AT_PRECISION: Duration = Duration::from_secs(1);

/// An envelope that is not encoded yet.
pub(crate) struct NewEnvelope {
    pub(crate) body: NewBody,
    pub(crate) category: Category,
    /// What is discarded with it.
    pub(crate) content: Vec<Quantity>,
}

pub(crate) enum NewBody {
    /// As the SDK made it. Its events are still to be processed.
    Made(Box<Envelope>),
    /// Bytes that somebody else has written.
    Written(Vec<u8>),
}

impl NewEnvelope {
    /// An envelope of the SDK, a raw one as its bytes; `None` if it is empty.
    pub(crate) fn of(envelope: Envelope) -> io::Result<Option<Self>> {
        if envelope.items().next().is_some() {
            let content = client_reports::content(&envelope);
            let (body, category) = (NewBody::Made(Box::new(envelope)), Category::of(&content));
            return Ok(Some(Self { body, category, content }));
        }
        let mut bytes = Vec::new();
        envelope.to_writer(&mut bytes)?;
        let is_empty = items(&bytes).next().is_none();
        Ok((!is_empty).then(|| Self::written(bytes)))
    }

    pub(crate) fn written(bytes: Vec<u8>) -> Self {
        let content = content(&bytes);
        Self { category: Category::of(&content), content, body: NewBody::Written(bytes) }
    }

    /// About the bytes that it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        match &self.body {
            NewBody::Made(envelope) => weight::envelope(envelope),
            NewBody::Written(bytes) => bytes.capacity(),
        }
    }
}

/// An envelope that is ready for the wire.
#[derive(Debug, Clone, Default)]
pub(crate) struct EncodedEnvelope {
    pub(crate) body: Bytes,
    pub(crate) gzip: bool,
    pub(crate) category: Category,
    /// What is discarded with it.
    pub(crate) content: Vec<Quantity>,
    /// How often the server failed on it while it took others.
    pub(crate) failed_attempts: u8,
    /// Its file in the spool, if it has one.
    pub(crate) file: Option<PathBuf>,
    /// The server found it too large, and its less important parts are gone.
    pub(crate) is_reduced: bool,
    /// The `sent_at` of its header, where it is known.
    pub(crate) sent_at: Option<SystemTime>,
}

impl EncodedEnvelope {
    /// An envelope whose header was written just now. Compresses it where that is worth the time.
    pub(crate) fn new(mut body: Vec<u8>, content: Vec<Quantity>) -> io::Result<Self> {
        let category = Category::of(&content);
        let from = if category == Category::Error { COMPRESS_ERRORS_FROM } else { COMPRESS_FROM };
        let gzip = body.len() >= from;
        if gzip {
            body = compress(&body)?;
        }
        // A body that was written piece by piece has room for as much again.
        body.shrink_to_fit();
        Ok(Self { sent_at: Some(SystemTime::now()), ..Self::of(body, gzip, content) })
    }

    /// An envelope that somebody else wrote.
    pub(crate) fn of_bytes(body: Vec<u8>) -> io::Result<Self> {
        let content = content(&body);
        Self::new(with_sent_at(&body, SystemTime::now()).unwrap_or(body), content)
    }

    /// An envelope that was written and compressed earlier.
    pub(crate) fn of_gzip(body: Vec<u8>) -> io::Result<Self> {
        let content = content(&decompress(&body)?);
        Ok(Self::of(body, true, content))
    }

    /// A client report with these numbers.
    pub(crate) fn report(sums: &Sums) -> Self {
        let body = client_reports::envelope(sums);
        Self { sent_at: Some(SystemTime::now()), ..Self::of(body, false, Vec::new()) }
    }

    fn of(body: Vec<u8>, gzip: bool, content: Vec<Quantity>) -> Self {
        let (body, category) = (body.into(), Category::of(&content));
        Self { body, gzip, category, content, ..Self::default() }
    }

    /// Says in its header that it is sent now, unless the header says so to within a second. A server takes the
    /// difference to its own clock for an error of ours, and moves all times of the event by it. A header that cannot
    /// be read stays.
    pub(crate) fn stamp(&mut self, now: SystemTime) {
        let is_fresh = |then: SystemTime| now.duration_since(then).is_ok_and(|age| age <= SENT_AT_PRECISION);
        if self.sent_at.is_some_and(is_fresh) {
            return;
        }
        self.sent_at = Some(now);
        let plain = self.plain().ok();
        let Some(body) = plain.and_then(|plain| with_sent_at(&plain, now)) else { return };
        if !self.gzip {
            self.body = body.into();
        } else if let Ok(body) = compress(&body) {
            self.body = body.into();
        }
    }

    /// Its body, decompressed.
    pub(crate) fn plain(&self) -> io::Result<Cow<'_, [u8]>> {
        Ok(if self.gzip { decompress(&self.body)?.into() } else { Cow::Borrowed(&self.body) })
    }

    /// Its body, compressed whatever its size.
    pub(crate) fn compressed(&self) -> io::Result<Bytes> {
        if self.gzip { Ok(self.body.clone()) } else { compress(&self.body).map(Into::into) }
    }

    /// About the bytes that it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.body.len() + self.content.len() * size_of::<Quantity>() + size_of::<Self>()
    }
}

/// The envelope without items that are not to be kept, which go to `dropped`; its headers stay. `None` if it is empty.
pub(crate) fn filtered(
    envelope: Envelope,
    keep: impl Fn(&EnvelopeItem) -> bool,
    dropped: impl Fn(EnvelopeItem),
) -> Option<Envelope> {
    let headers = envelope.headers().clone();
    let kept = envelope.filter(EnvelopeFilterCallbacks::new(keep, dropped));
    kept.map(|envelope| envelope.with_headers(headers))
}

/// A written envelope whose header says that it is sent now; `None` if its header cannot be read.
fn with_sent_at(envelope: &[u8], now: SystemTime) -> Option<Vec<u8>> {
    let header = line(envelope);
    let rest = &envelope[header.len()..];
    let mut header: Map<String, Value> = serde_json::from_slice(header).ok()?;
    let stamp = serde_json::to_value(EnvelopeHeaders::new().with_sent_at(now)).ok()?;
    header.insert("sent_at".to_owned(), stamp.get("sent_at")?.clone());
    let mut body = serde_json::to_vec(&header).ok()?;
    body.extend_from_slice(rest);
    Some(body)
}

#[cfg(test)]
mod tests;

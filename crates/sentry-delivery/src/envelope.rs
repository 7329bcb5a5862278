//! What waits for delivery: envelopes as the SDK makes them, and encoded ones, which are ready for the wire.

use std::borrow::Cow;
use std::io;
use std::mem::size_of;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sentry::Envelope;
use sentry::protocol::EnvelopeHeaders;
use serde_json::{Map, Value};

use crate::category::{Category, Quantity};
use crate::client_reports::{self, Sums};
use crate::gzip::{compress, decompress};
use crate::items::{about, items, line};
use crate::weight;

/// Bodies from this size on are compressed: below, the time costs more than the bytes.
const COMPRESS_FROM: usize = 8 * 1024;

/// Errors are kept in large numbers, and cost memory, too.
const COMPRESS_ERRORS_FROM: usize = 1024;

/// How old a header's `sent_at` may be: to write it anew, a compressed body has to be compressed again.
const SENT_AT_PRECISION: Duration = Duration::from_secs(1);

/// An envelope that is not encoded yet.
pub(crate) enum NewEnvelope {
    /// As the SDK made it: symbols and redaction are still to come.
    Made(Box<Envelope>),
    /// Written by somebody else.
    Written(Vec<u8>),
    /// The payload of a profile chunk.
    ProfileChunk(Vec<u8>),
}

impl NewEnvelope {
    /// What an envelope of the SDK's holds, raw ones as their bytes; `None` where it holds nothing.
    pub(crate) fn of(envelope: Envelope) -> io::Result<Option<Self>> {
        if envelope.items().next().is_some() {
            return Ok(Some(Self::Made(Box::new(envelope))));
        }
        let mut bytes = Vec::new();
        envelope.to_writer(&mut bytes)?;
        let is_empty = items(&bytes).next().is_none();
        Ok((!is_empty).then_some(Self::Written(bytes)))
    }

    pub(crate) fn category(&self) -> Category {
        match self {
            Self::Made(envelope) => Category::of(envelope),
            Self::Written(bytes) => about(bytes).0,
            Self::ProfileChunk(_) => Category::ProfileChunk,
        }
    }

    /// What is discarded with it.
    pub(crate) fn content(&self) -> Vec<Quantity> {
        match self {
            Self::Made(envelope) => client_reports::content(&**envelope),
            Self::Written(bytes) => about(bytes).1,
            Self::ProfileChunk(_) => vec![(Category::ProfileChunk, 1)],
        }
    }

    /// The bytes it takes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Made(envelope) => weight::envelope(envelope),
            Self::Written(bytes) | Self::ProfileChunk(bytes) => bytes.capacity(),
        }
    }
}

/// An envelope ready for the wire.
#[derive(Debug, Clone)]
pub(crate) struct EncodedEnvelope {
    pub(crate) body: Bytes,
    pub(crate) gzip: bool,
    pub(crate) category: Category,
    /// What is discarded with it.
    pub(crate) content: Vec<Quantity>,
    /// How often the server failed on it while it took others.
    pub(crate) failed_attempts: u8,
    /// Where it lies on disk, if it does.
    pub(crate) file: Option<PathBuf>,
    /// Its less important parts are gone already, since the server found it too large.
    pub(crate) is_reduced: bool,
    /// What its header says of when it was sent, if that is known.
    pub(crate) sent_at: Option<SystemTime>,
}

impl EncodedEnvelope {
    /// One whose header was written just now. Compresses what is worth it.
    pub(crate) fn new(mut body: Vec<u8>, category: Category, content: Vec<Quantity>) -> io::Result<Self> {
        let from = if category == Category::Error { COMPRESS_ERRORS_FROM } else { COMPRESS_FROM };
        let gzip = body.len() >= from;
        if gzip {
            body = compress(&body)?;
        }
        // Written piece by piece, a body has room for as much again.
        body.shrink_to_fit();
        let sent_at = Some(SystemTime::now());
        Ok(Self { gzip, sent_at, ..Self::plainly(body, category, content) })
    }

    /// One of an envelope that was written already.
    pub(crate) fn of_bytes(body: Vec<u8>) -> io::Result<Self> {
        let (category, content) = about(&body);
        Ok(Self { sent_at: None, ..Self::new(body, category, content)? })
    }

    /// One of compressed bytes.
    pub(crate) fn of_gzip(body: Vec<u8>) -> io::Result<Self> {
        let (category, content) = about(&decompress(&body)?);
        Ok(Self { gzip: true, ..Self::plainly(body, category, content) })
    }

    /// A client report.
    pub(crate) fn report(sums: &Sums) -> Self {
        let body = client_reports::envelope(sums);
        Self { sent_at: Some(SystemTime::now()), ..Self::plainly(body, Category::Default, Vec::new()) }
    }

    fn plainly(body: Vec<u8>, category: Category, content: Vec<Quantity>) -> Self {
        let (body, gzip, failed_attempts, file) = (body.into(), false, 0, None);
        Self { body, gzip, category, content, failed_attempts, file, is_reduced: false, sent_at: None }
    }

    /// Says in its header that it is sent now, unless that says so already, to within a second. Servers take the
    /// difference to their own clock for a wrong clock of ours, and move all times of the event by it. A header that
    /// cannot be read stays.
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

    /// Is there nothing in it but client reports?
    pub(crate) fn is_report(&self) -> bool {
        self.content.is_empty()
    }

    /// Its body, not compressed.
    pub(crate) fn plain(&self) -> io::Result<Cow<'_, [u8]>> {
        Ok(if self.gzip { decompress(&self.body)?.into() } else { Cow::Borrowed(&self.body) })
    }

    /// Its body, compressed whatever its size.
    pub(crate) fn compressed(&self) -> io::Result<Bytes> {
        if self.gzip { Ok(self.body.clone()) } else { compress(&self.body).map(Into::into) }
    }

    /// The bytes it takes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        self.body.len() + self.content.len() * size_of::<Quantity>() + size_of::<Self>()
    }
}

/// A written envelope whose header says that it is sent now; `None` where it has no header that says anything.
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

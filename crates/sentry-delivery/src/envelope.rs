//! What waits for delivery: envelopes as the SDK makes them, and encoded ones, which are ready for the wire.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};
use std::mem::size_of;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::read::GzDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use sentry::Envelope;
use sentry::protocol::EnvelopeHeaders;
use serde_json::Value;

use super::category::Category;
use super::client_reports::{self, Quantity};
use super::weight;

/// Bodies from this size on are compressed: below, the time costs more than the bytes.
const COMPRESS_FROM: usize = 8 * 1024;

/// Those that will wait cost memory, too.
const COMPRESS_WAITING_FROM: usize = 1024;

/// The largest window, 32 KB.
const WINDOW_BITS: u8 = 15;

/// Room for what a compressed body has beside its contents.
const SPARE: usize = 64;

/// How old a header's `sent_at` may be: to write it anew, a compressed body has to be compressed again.
const SENT_AT_PRECISION: Duration = Duration::from_secs(1);

/// The longest envelope that is read back, decompressed.
const MAX_PLAIN_BYTES: u64 = 32 * 1024 * 1024;

/// An envelope that waits.
pub(super) enum QueuedEnvelope {
    /// As the SDK made it: symbols and redaction are still to come.
    Envelope(Box<Envelope>),
    /// Written by somebody else, such as a profile.
    Bytes(Vec<u8>),
    /// Ready.
    Encoded(EncodedEnvelope),
}

/// An envelope ready for the wire.
#[derive(Debug, Clone)]
pub(super) struct EncodedEnvelope {
    pub(super) body: Bytes,
    pub(super) gzip: bool,
    pub(super) category: Category,
    /// What is lost with it.
    pub(super) content: Vec<Quantity>,
    /// How often the server failed on it while it took others.
    pub(super) failed_attempts: u8,
    /// Where it lies on disk, if it does.
    pub(super) file: Option<PathBuf>,
    /// Its less important parts are gone already, since the server found it too large.
    pub(super) is_reduced: bool,
    /// What its header says of when it was sent, if that is known.
    pub(super) sent_at: Option<SystemTime>,
}

impl EncodedEnvelope {
    /// One whose header was written just now. Compresses what is worth it.
    pub(super) fn new(mut body: Vec<u8>, category: Category, content: Vec<Quantity>) -> io::Result<Self> {
        let gzip = body.len() >= COMPRESS_FROM;
        if gzip {
            body = compress(&body)?;
        }
        // Written piece by piece, a body has room for as much again.
        body.shrink_to_fit();
        let (failed_attempts, file, is_reduced, sent_at) = (0, None, false, Some(SystemTime::now()));
        Ok(Self { body: body.into(), gzip, category, content, failed_attempts, file, is_reduced, sent_at })
    }

    /// One of an envelope that was written already.
    pub(super) fn of_bytes(body: Vec<u8>) -> io::Result<Self> {
        let (category, content) = about(&body);
        Ok(Self { sent_at: None, ..Self::new(body, category, content)? })
    }

    /// One of compressed bytes. Fails where they are torn, or far too many once decompressed.
    pub(super) fn of_gzip(body: Vec<u8>) -> io::Result<Self> {
        let (category, content) = about(&decompress(&body)?);
        let (failed_attempts, file, is_reduced, sent_at) = (0, None, false, None);
        Ok(Self {
            body: body.into(),
            gzip: true,
            category,
            content,
            failed_attempts,
            file,
            is_reduced,
            sent_at,
        })
    }

    /// Says in its header that it is sent now, unless that says so already, to within a second. Servers take the
    /// difference to their own clock for a wrong clock of ours, and move all times of the event by it. A header that
    /// cannot be read stays.
    pub(super) fn stamp(&mut self, now: SystemTime) {
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
    pub(super) fn is_report(&self) -> bool {
        self.content.is_empty()
    }

    /// Its body, not compressed.
    pub(super) fn plain(&self) -> io::Result<Cow<'_, [u8]>> {
        Ok(if self.gzip { decompress(&self.body)?.into() } else { Cow::Borrowed(&self.body) })
    }

    /// The bytes it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        self.body.len() + self.content.len() * size_of::<Quantity>() + size_of::<Self>()
    }

    /// The same for a long wait: smaller, where that is worth it.
    pub(super) fn packed(self) -> Self {
        if self.body.len() < COMPRESS_WAITING_FROM {
            return self;
        }
        match self.compressed() {
            Ok(body) => Self { body, gzip: true, ..self },
            // As it is, it is as good.
            Err(_) => self,
        }
    }

    /// Its body, compressed whatever its size.
    pub(super) fn compressed(&self) -> io::Result<Bytes> {
        if self.gzip { Ok(self.body.clone()) } else { compress(&self.body).map(Into::into) }
    }
}

impl QueuedEnvelope {
    /// What an envelope of the SDK's holds, raw ones as their bytes.
    pub(super) fn new(envelope: Envelope) -> io::Result<Self> {
        if envelope.items().next().is_some() {
            return Ok(Self::Envelope(Box::new(envelope)));
        }
        let mut bytes = Vec::new();
        envelope.to_writer(&mut bytes)?;
        Ok(Self::Bytes(bytes))
    }

    pub(super) fn category(&self) -> Category {
        match self {
            Self::Envelope(envelope) => Category::of(envelope),
            Self::Bytes(bytes) => about(bytes).0,
            Self::Encoded(encoded) => encoded.category,
        }
    }

    /// What is lost with it.
    pub(super) fn content(&self) -> Vec<Quantity> {
        match self {
            Self::Envelope(envelope) => client_reports::content(&**envelope),
            Self::Bytes(bytes) => about(bytes).1,
            Self::Encoded(encoded) => encoded.content.clone(),
        }
    }

    /// Has it no item at all?
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if items(bytes).next().is_none())
    }

    pub(super) fn is_on_disk(&self) -> bool {
        matches!(self, Self::Encoded(encoded) if encoded.file.is_some())
    }

    /// The bytes it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Envelope(envelope) => weight::envelope(envelope),
            Self::Bytes(bytes) => bytes.capacity(),
            Self::Encoded(encoded) => encoded.weight(),
        }
    }
}

/// A written envelope whose header says that it is sent now; `None` where it has no header that says anything.
fn with_sent_at(envelope: &[u8], now: SystemTime) -> Option<Vec<u8>> {
    let end = envelope.iter().position(|byte| *byte == b'\n').unwrap_or(envelope.len());
    let (header, rest) = envelope.split_at(end);
    let mut header: serde_json::Map<String, Value> = serde_json::from_slice(header).ok()?;
    let stamp = serde_json::to_value(EnvelopeHeaders::new().with_sent_at(now)).ok()?;
    header.insert("sent_at".to_owned(), stamp.get("sent_at")?.clone());
    let mut body = serde_json::to_vec(&header).ok()?;
    body.extend_from_slice(rest);
    Some(body)
}

/// What a written envelope is about, and what is lost with it, from the headers of its items.
fn about(envelope: &[u8]) -> (Category, Vec<Quantity>) {
    let (mut category, mut content) = (Category::Other, Vec::new());
    for (header, payload) in items(envelope) {
        let ty = header["type"].as_str().unwrap_or_default();
        if let Some(its) = Category::of_type(ty) {
            category = category.min(its);
            count(&mut content, its.name(), 1);
        } else if ty == "attachment" {
            count(&mut content, "attachment", payload.len() as u64);
        }
    }
    (category, content)
}

/// Sums by category: an envelope may have as many items as it has lines.
fn count(content: &mut Vec<Quantity>, category: &'static str, quantity: u64) {
    match content.iter_mut().find(|(name, _)| *name == category) {
        Some((_, sum)) => *sum += quantity,
        None => content.push((category, quantity)),
    }
}

/// The items of a written envelope: header and payload.
pub(super) fn items(envelope: &[u8]) -> impl Iterator<Item = (Value, &[u8])> {
    let mut rest = after_line(envelope);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let header: Value = serde_json::from_slice(line(rest)).unwrap_or_default();
        rest = after_line(rest);
        let length = header["length"].as_u64().and_then(|length| usize::try_from(length).ok());
        let length = length.unwrap_or_else(|| line(rest).len()).min(rest.len());
        let (payload, after) = rest.split_at(length);
        rest = after_line(after);
        Some((header, payload))
    })
}

fn line(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

fn after_line(bytes: &[u8]) -> &[u8] {
    bytes.get(line(bytes).len() + 1..).unwrap_or_default()
}

fn decompress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(body).take(MAX_PLAIN_BYTES + 1).read_to_end(&mut plain)?;
    if plain.len() as u64 > MAX_PLAIN_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_PLAIN_BYTES} bytes decompressed")));
    }
    Ok(plain)
}

/// By one compressor for each thread: its state is 300 KB, and thousands of them between envelopes tear the heap apart.
fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<(Compress, Vec<u8>)> =
            RefCell::new((Compress::new_gzip(Compression::fast(), WINDOW_BITS), Vec::new()));
    }
    COMPRESSOR.with_borrow_mut(|(compressor, out)| {
        compressor.reset();
        out.clear();
        loop {
            out.reserve(body.len() / 2 + SPARE);
            let taken = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX).min(body.len());
            let status = compressor.compress_vec(&body[taken..], out, FlushCompress::Finish);
            if status.map_err(io::Error::other)? == Status::StreamEnd {
                return Ok(out.clone());
            }
        }
    })
}

#[cfg(test)]
mod tests;

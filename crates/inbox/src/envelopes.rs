//! The last envelopes as they came: what a client sent, and why some of it is not kept.

use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::envelope::{Envelope, Item};
use crate::received::payload::Payload;
use crate::ring::Ring;
use crate::text::{LONG, SHORT, clip};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// Most envelopes that are kept, and most bytes of them.
pub(crate) const MAX_ENVELOPES: usize = 500;
pub(crate) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Longest envelope whose bytes are kept; of longer ones, the headers are.
pub(crate) const MAX_RAW: usize = 4 * 1024 * 1024;

/// Most items of an envelope that are listed, and most reasons.
pub(crate) const MAX_ITEMS: usize = 100;
pub(crate) const MAX_REASONS: usize = 20;

/// Longest header that is kept, bytes.
const MAX_HEADER: usize = 8 * 1024;

/// How an envelope came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrival {
    pub(crate) project: String,
    /// Such as `envelope` or `store`.
    pub(crate) endpoint: &'static str,
    /// Its length as the client sent it, where it said so.
    pub(crate) content_length: Option<u64>,
    pub(crate) encoding: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) client: Option<String>,
}

/// An envelope as it came. What is no envelope, such as a body for `/store/`, was made one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceivedEnvelope {
    /// Its number.
    pub id: u64,
    /// Arrival, seconds since 1970.
    pub received_at: f64,
    /// The project in the path.
    pub project: String,
    /// Where it was sent: `envelope`, `store`, `security`, `minidump`, `cron` or `stream`.
    pub endpoint: String,
    /// Its length, decompressed; 0 where the body was not read.
    pub bytes: usize,
    /// Its length as it was sent, where the client said so.
    pub content_length: Option<u64>,
    /// The `Content-Encoding`.
    pub encoding: Option<String>,
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// What the client calls itself.
    pub client: Option<String>,
    /// Its header; none where that cannot be read or is long.
    pub header: Option<Payload>,
    /// Its items, the first 100.
    pub items: Vec<ReceivedItem>,
    /// How many further items it has.
    pub omitted_items: usize,
    /// Whether anything of it was kept.
    pub accepted: bool,
    /// Why something of it was not kept, the first 20 reasons.
    pub refused: Vec<String>,
    /// Whether its bytes are held: `GET /api/envelopes/{id}/raw`.
    pub raw: bool,
}

/// An item as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceivedItem {
    /// Its place in the envelope, from 1.
    pub number: usize,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The length of its payload.
    pub bytes: usize,
    /// The `content_type` of its header.
    pub content_type: Option<String>,
    /// Its header; none where that is long.
    pub header: Option<Payload>,
    /// Why it is not kept.
    pub refused: Option<String>,
}

/// What is known of an envelope before its items are understood.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    header: Option<Payload>,
    items: Vec<ReceivedItem>,
    omitted: usize,
}

/// What became of an envelope.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) outline: Outline,
    /// Why something of it is not kept, with the place of the item where it is one.
    pub(crate) reasons: Vec<(Option<usize>, String)>,
    /// Whether anything is kept.
    pub(crate) accepted: bool,
}

impl Outline {
    pub(crate) fn of(envelope: &Envelope) -> Self {
        let items = envelope.items.iter().take(MAX_ITEMS).map(ReceivedItem::of).collect();
        let omitted = envelope.items.len().saturating_sub(MAX_ITEMS);
        Self { header: kept(&Value::Object(envelope.header.clone())), items, omitted }
    }
}

impl ReceivedItem {
    fn of(item: &Item) -> Self {
        let content_type = item.header.get("content_type").and_then(Value::as_str);
        Self {
            number: item.number,
            ty: clip(&item.ty, SHORT),
            bytes: item.payload.len(),
            content_type: content_type.map(|it| clip(it, SHORT)),
            header: kept(&Value::Object(item.header.clone())),
            refused: None,
        }
    }
}

fn kept(header: &Value) -> Option<Payload> {
    Payload::of(header).filter(|it| it.len() <= MAX_HEADER)
}

/// The last envelopes.
#[derive(Debug)]
pub(crate) struct Envelopes {
    last: Ring<(ReceivedEnvelope, Option<Bytes>)>,
    next: u64,
}

impl Default for Envelopes {
    fn default() -> Self {
        Self { last: Ring::bounded(MAX_ENVELOPES, MAX_BYTES), next: 0 }
    }
}

impl Envelopes {
    /// Empty, after a clear. Numbers go on, so that none is used twice.
    pub(crate) fn emptied(&self) -> Self {
        Self { next: self.next, ..Self::default() }
    }

    /// Keeps one; `body` is `None` if it was not read. A reason may name the place of its item.
    pub(crate) fn push(&mut self, arrival: &Arrival, body: Option<&Bytes>, outcome: Outcome) {
        let Outcome { outline: Outline { header, mut items, omitted }, reasons, accepted } = outcome;
        for (number, reason) in &reasons {
            if let Some(item) = items.iter_mut().find(|item| Some(item.number) == *number) {
                item.refused = Some(clip(reason, LONG));
            }
        }
        self.next += 1;
        // A copy, because a buffer may be longer than what is in it.
        let raw = body.filter(|it| it.len() <= MAX_RAW).map(|body| Bytes::copy_from_slice(body));
        let envelope = ReceivedEnvelope {
            id: self.next,
            received_at: timestamp::now(),
            project: clip(&arrival.project, SHORT),
            endpoint: arrival.endpoint.to_owned(),
            bytes: body.map_or(0, Bytes::len),
            content_length: arrival.content_length,
            encoding: arrival.encoding.clone(),
            content_type: arrival.content_type.clone(),
            client: arrival.client.clone(),
            header,
            items,
            omitted_items: omitted,
            accepted,
            refused: reasons.iter().take(MAX_REASONS).map(|(_, reason)| clip(reason, LONG)).collect(),
            raw: raw.is_some(),
        };
        let bytes = envelope.weight() + raw.as_ref().map_or(0, Bytes::len);
        self.last.push((envelope, raw), bytes);
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &ReceivedEnvelope> {
        self.last.iter().rev().map(|(envelope, _)| envelope)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&ReceivedEnvelope> {
        self.newest_first().find(|envelope| envelope.id == id)
    }

    /// Its bytes, decompressed.
    pub(crate) fn raw(&self, id: u64) -> Option<Bytes> {
        self.last.iter().rev().find(|(envelope, _)| envelope.id == id)?.1.clone()
    }

    /// The bytes of those after a number, oldest first.
    pub(crate) fn after(&self, id: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let newer = self.last.iter().filter(move |(envelope, _)| envelope.id > id && envelope.accepted);
        newer.filter_map(|(envelope, raw)| Some((envelope.id, raw.as_ref()?)))
    }

    /// The number of the newest.
    pub(crate) fn latest(&self) -> u64 {
        self.next
    }

    pub(crate) fn len(&self) -> usize {
        self.last.len()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.last.evicted()
    }
}

impl Weigh for ReceivedItem {
    fn heap(&self) -> usize {
        heap_of([&self.ty, &self.content_type, &self.header, &self.refused])
    }
}

impl Weigh for ReceivedEnvelope {
    fn heap(&self) -> usize {
        heap_of([
            &self.project,
            &self.endpoint,
            &self.encoding,
            &self.content_type,
            &self.client,
            &self.header,
            &self.items,
            &self.refused,
        ])
    }
}

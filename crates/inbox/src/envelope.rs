//! [Envelopes](https://develop.sentry.dev/sdk/data-model/envelopes/): a header line, then items, each with a header
//! line and a payload. An item that cannot be read is refused with its reason, and the others are kept.

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::{Map, Value};

/// An envelope whose items are cut apart but not yet understood.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) header: Map<String, Value>,
    pub(crate) items: Vec<Item>,
    /// Why the others are not among them.
    pub(crate) refused: Vec<BadEnvelope>,
}

#[derive(Debug)]
pub(crate) struct Item {
    /// Its place in the envelope, from 1.
    pub(crate) number: usize,
    pub(crate) ty: String,
    pub(crate) header: Map<String, Value>,
    pub(crate) payload: Bytes,
}

/// Why an envelope or one of its items is refused. Items are counted from 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadEnvelope {
    #[error("the envelope is empty")]
    Empty,
    #[error("the envelope header is not a JSON object: {0}")]
    Header(serde_json::Error),
    #[error("the envelope header: {0}")]
    HeaderId(String),
    #[error("item {item}: its header is not a JSON object: {reason}")]
    ItemHeader { item: usize, reason: serde_json::Error },
    #[error("item {item}: its header has no type")]
    NoType { item: usize },
    #[error("item {item}: its length is not a number of bytes")]
    Length { item: usize },
    #[error("item {item} is truncated: {promised} bytes promised, {left} left")]
    Torn { item: usize, promised: u64, left: usize },
    #[error("item {item}: no line end after {promised} bytes")]
    NoLineEnd { item: usize, promised: u64 },
    #[error("item {item} ({ty}) is longer than {most} bytes")]
    TooLarge { item: usize, ty: String, most: usize },
    #[error("a header is longer than {MAX_HEADER} bytes")]
    LongHeader,
    #[error("there are more than {MAX_ITEMS} items")]
    TooMany,
    #[error("item {item} ({ty}): {reason}")]
    Payload { item: usize, ty: String, reason: String },
}

impl BadEnvelope {
    /// What the request is answered.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } | Self::LongHeader | Self::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The place of the item that it is about.
    pub(crate) fn item(&self) -> Option<usize> {
        match self {
            Self::Empty | Self::Header(_) | Self::HeaderId(_) | Self::LongHeader | Self::TooMany => None,
            Self::ItemHeader { item, .. }
            | Self::NoType { item }
            | Self::Length { item }
            | Self::Torn { item, .. }
            | Self::NoLineEnd { item, .. }
            | Self::TooLarge { item, .. }
            | Self::Payload { item, .. } => Some(*item),
        }
    }
}

/// Longest header line, bytes: as JSON values, headers take many times their length.
const MAX_HEADER: usize = 64 * 1024;

/// Most items of an envelope, for the same reason.
const MAX_ITEMS: usize = 1_000;

pub(crate) fn parse(body: &Bytes) -> Result<Envelope, BadEnvelope> {
    let mut reader = Reader { body, at: 0 };
    let header = reader.line().ok_or(BadEnvelope::Empty).and_then(short)?;
    let header = serde_json::from_slice(&header).map_err(BadEnvelope::Header)?;
    let mut envelope = Envelope { header, items: Vec::new(), refused: Vec::new() };
    let mut number = 0;
    while let Some(line) = reader.line() {
        // Blank lines between items and at the end are allowed.
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        number += 1;
        match short(line).and_then(|header| item(&mut reader, &header, number)) {
            Ok(item) => envelope.items.push(item),
            // Its payload was read.
            Err(bad @ BadEnvelope::NoType { .. }) => envelope.refused.push(bad),
            // Nobody knows where the next item begins.
            Err(bad) => {
                envelope.refused.push(bad);
                break;
            }
        }
    }
    Ok(envelope)
}

fn short(header: Bytes) -> Result<Bytes, BadEnvelope> {
    if header.len() > MAX_HEADER { Err(BadEnvelope::LongHeader) } else { Ok(header) }
}

fn item(reader: &mut Reader<'_>, header: &[u8], item: usize) -> Result<Item, BadEnvelope> {
    if item > MAX_ITEMS {
        return Err(BadEnvelope::TooMany);
    }
    let header: Map<String, Value> =
        serde_json::from_slice(header).map_err(|reason| BadEnvelope::ItemHeader { item, reason })?;
    let payload = match header.get("length") {
        None | Some(Value::Null) => reader.line().unwrap_or_default(),
        Some(length) => reader.exactly(length.as_u64().ok_or(BadEnvelope::Length { item })?, item)?,
    };
    let ty = header.get("type").and_then(Value::as_str).ok_or(BadEnvelope::NoType { item })?.to_owned();
    Ok(Item { number: item, ty, header, payload })
}

struct Reader<'a> {
    body: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    /// The next line without its end; `None` at the end of the body.
    fn line(&mut self) -> Option<Bytes> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = self.body.slice(self.at..self.at + length);
        self.go_to(self.at + length + 1);
        Some(line)
    }

    /// The last line may lack its end: nothing is read from beyond the body.
    fn go_to(&mut self, at: usize) {
        self.at = at.min(self.body.len());
    }

    /// That many bytes, which a line end or the end of the body must follow.
    fn exactly(&mut self, promised: u64, item: usize) -> Result<Bytes, BadEnvelope> {
        let left = self.body.len() - self.at;
        let length = usize::try_from(promised).ok().filter(|length| *length <= left);
        let length = length.ok_or(BadEnvelope::Torn { item, promised, left })?;
        let end = self.at + length;
        if self.body.get(end).is_some_and(|byte| *byte != b'\n') {
            return Err(BadEnvelope::NoLineEnd { item, promised });
        }
        let payload = self.body.slice(self.at..end);
        self.go_to(end + 1);
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let envelope = parse(&Bytes::copy_from_slice(text.as_bytes())).map_err(|error| error.to_string())?;
        if let Some(refused) = envelope.refused.first() {
            return Err(refused.to_string());
        }
        let text = |item: Item| (item.ty, String::from_utf8(item.payload.to_vec()).unwrap());
        Ok(envelope.items.into_iter().map(text).collect())
    }

    #[test]
    fn items_end_where_their_length_says_or_at_the_line_end() {
        let items = parsed("{}\n{\"type\":\"a\",\"length\":3}\n1\n2\n{\"type\":\"b\"}\n{}\n\n").unwrap();
        assert_eq!(items, [("a".to_owned(), "1\n2".to_owned()), ("b".to_owned(), "{}".to_owned())]);
        assert_eq!(parsed("{}").unwrap(), []);
        for empty in [
            "{}\n{\"type\":\"a\",\"length\":0}\n",
            "{}\n{\"type\":\"a\",\"length\":0}",
            "{}\n{\"type\":\"a\"}",
        ] {
            assert_eq!(parsed(empty).unwrap(), [("a".to_owned(), String::new())], "{empty}");
        }
    }

    #[test]
    fn each_fault_is_named_with_its_item() {
        for (text, reason) in [
            ("", "is empty"),
            ("[1]", "envelope header"),
            ("{}\nnonsense", "item 1: its header"),
            ("{}\n{\"length\":1}\nx", "item 1: its header has no type"),
            ("{}\n{\"type\":\"a\",\"length\":-1}\nx", "item 1: its length"),
            (
                "{}\n{\"type\":\"a\"}\n1\n{\"type\":\"b\",\"length\":9}\nx",
                "item 2 is truncated: 9 bytes promised, 1 left",
            ),
            ("{}\n{\"type\":\"a\",\"length\":18446744073709551615}\nx", "item 1 is truncated"),
            ("{}\n{\"type\":\"a\",\"length\":1}\nxyz", "item 1: no line end after 1 bytes"),
        ] {
            let reported = parsed(text).unwrap_err();
            assert!(reported.contains(reason), "{text:?}: {reported}");
        }
    }

    #[test]
    fn the_items_before_a_torn_one_are_kept_and_those_around_one_without_a_type() {
        let kept = |text: &'static str| {
            let envelope = parse(&Bytes::from_static(text.as_bytes())).unwrap();
            let refused: Vec<_> = envelope.refused.iter().map(ToString::to_string).collect();
            (envelope.items.into_iter().map(|item| (item.number, item.ty)).collect::<Vec<_>>(), refused)
        };
        let (items, refused) = kept("{}\n{\"type\":\"a\"}\n1\n{\"type\":\"b\",\"length\":9}\nx");
        assert_eq!(items, [(1, "a".to_owned())]);
        assert_eq!(refused, ["item 2 is truncated: 9 bytes promised, 1 left"]);
        let (items, refused) = kept("{}\n{\"length\":3}\n{}\n\n{\"type\":\"b\"}\nx");
        assert_eq!(items, [(2, "b".to_owned())]);
        assert_eq!(refused, ["item 1: its header has no type"]);
    }
}

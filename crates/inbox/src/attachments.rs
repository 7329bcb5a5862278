//! Files that came with events, transactions and feedback.

use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::envelope::Item;
use crate::ring::Ring;
use crate::text::{SHORT, clip};
use crate::weight::{Weigh, heap_of};

/// Most attachments that are kept, and most bytes of them.
pub(crate) const MAX_ATTACHMENTS: usize = 2_000;
pub(crate) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Most attachments of one envelope that are kept.
pub(crate) const MAX_OF_ENVELOPE: usize = 20;

/// A file that came with an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// Its number.
    pub id: u64,
    /// The event, transaction or feedback that it belongs to.
    pub event_id: String,
    /// Its name.
    pub filename: String,
    /// Its media type, as the client says.
    pub content_type: Option<String>,
    /// Its length.
    pub bytes: usize,
    /// What Sentry uses it for, such as `event.attachment`.
    pub attachment_type: String,
    /// Whether its address shows it as an image; everything else is only downloaded.
    pub image: bool,
}

/// One that has arrived, with its content.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) attachment: Attachment,
    pub(crate) content: Bytes,
}

impl Arrived {
    pub(crate) fn read(item: &Item) -> Self {
        let header = |name: &str| item.header.get(name).and_then(Value::as_str).map(|it| clip(it, SHORT));
        let attachment = Attachment {
            id: 0,
            event_id: String::new(),
            filename: header("filename").unwrap_or_else(|| "unnamed".to_owned()),
            content_type: header("content_type"),
            bytes: item.payload.len(),
            attachment_type: header("attachment_type").unwrap_or_else(|| "event.attachment".to_owned()),
            image: image_type(&item.payload).is_some(),
        };
        // A copy: a slice would keep all of its envelope in memory.
        Self { attachment, content: Bytes::copy_from_slice(&item.payload) }
    }
}

/// The media type of an image whose scripts no browser runs. The content decides, not what the client says.
pub(crate) fn image_type(content: &[u8]) -> Option<&'static str> {
    match content {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// All that are held; the oldest go first.
#[derive(Debug)]
pub(crate) struct Attachments {
    kept: Ring<Arrived>,
    next: u64,
}

impl Default for Attachments {
    fn default() -> Self {
        Self { kept: Ring::bounded(MAX_ATTACHMENTS, MAX_BYTES), next: 0 }
    }
}

impl Attachments {
    /// Empty, after a clear. Numbers go on, so that none is used twice.
    pub(crate) fn emptied(&self) -> Self {
        Self { next: self.next, ..Self::default() }
    }

    /// Keeps one of an event. One that arrives again is not kept twice.
    pub(crate) fn push(&mut self, event_id: &str, mut arrived: Arrived) {
        let same = |it: &&Arrived| {
            it.attachment.event_id == event_id
                && it.attachment.filename == arrived.attachment.filename
                && it.content == arrived.content
        };
        if self.kept.iter().any(|it| same(&it)) {
            return;
        }
        self.next += 1;
        arrived.attachment.id = self.next;
        event_id.clone_into(&mut arrived.attachment.event_id);
        let weight = arrived.weight();
        self.kept.push(arrived, weight);
    }

    /// Those of an event, oldest first.
    pub(crate) fn of_event(&self, event_id: &str) -> Vec<Attachment> {
        let own = self.kept.iter().filter(|it| it.attachment.event_id == event_id);
        own.map(|it| it.attachment.clone()).collect()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Arrived> {
        self.kept.iter().find(|it| it.attachment.id == id)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Attachment> {
        self.kept.iter().rev().map(|it| &it.attachment)
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.kept.bytes()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.kept.evicted()
    }
}

impl Weigh for Attachment {
    fn heap(&self) -> usize {
        heap_of([&self.event_id, &self.filename, &self.content_type, &self.attachment_type])
    }
}

impl Weigh for Arrived {
    fn heap(&self) -> usize {
        self.attachment.heap() + self.content.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_content_that_is_an_image_is_shown_as_one() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(image_type(b"RIFF\0\0\0\0WEBPrest"), Some("image/webp"));
        for other in [&b""[..], b"<svg onload=alert(1)>", b"<html>", b"GIF8", b"RIFF\0\0\0\0AVI "] {
            assert_eq!(image_type(other), None);
        }
    }
}

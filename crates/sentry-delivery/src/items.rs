//! Reads written envelopes, item by item.

use serde_json::Value;

use crate::category::{Category, Quantity};

/// What is discarded with a written envelope, from the headers of its items. Client reports do not count.
pub(crate) fn content(envelope: &[u8]) -> Vec<Quantity> {
    let mut content = Vec::new();
    for (header, payload) in items(envelope) {
        let Some(category) = Category::of_type(header["type"].as_str().unwrap_or_default()) else { continue };
        let quantity = if category == Category::Attachment { payload.len() as u64 } else { 1 };
        count(&mut content, category, quantity);
    }
    content
}

/// Sums by category: an envelope may have as many items as it has lines.
fn count(content: &mut Vec<Quantity>, category: Category, quantity: u64) {
    match content.iter_mut().find(|(its, _)| *its == category) {
        Some((_, sum)) => *sum += quantity,
        None => content.push((category, quantity)),
    }
}

/// The items of a written envelope: header and payload.
pub(crate) fn items(envelope: &[u8]) -> impl Iterator<Item = (Value, &[u8])> {
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

/// The first line, without its end.
pub(crate) fn line(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

fn after_line(bytes: &[u8]) -> &[u8] {
    bytes.get(line(bytes).len() + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(envelope: &[u8]) -> (Category, Vec<Quantity>) {
        let content = content(envelope);
        (Category::of(&content), content)
    }

    #[test]
    fn the_headers_of_its_items_say_what_an_envelope_is_about() {
        let chunk = b"{}\n{\"type\":\"profile_chunk\",\"length\":5}\n{\n\n\n}\n{\"type\":\"attachment\",\"length\":2}\nxy\n";
        assert_eq!(
            about(chunk),
            (Category::ProfileChunk, vec![(Category::ProfileChunk, 1), (Category::Attachment, 2)])
        );
        let event =
            b"{}\n{\"type\":\"attachment\",\"length\":0}\n\n{\"type\":\"event\"}\n{\"message\":\"it\"}";
        assert_eq!(about(event), (Category::Error, vec![(Category::Attachment, 0), (Category::Error, 1)]));
        for torn in [&b""[..], b"{}", b"{}\n", b"{}\nnonsense", b"{}\n{\"type\":\"event\",\"length\":99}\n{"]
        {
            about(torn);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_bytes_that_say_they_are_an_envelope(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000),
            text in "(\\{\\}|\\{\"type\":\"(event|attachment|x)\"(,\"length\":(-1|[0-9]{1,20}))?\\}|[a-z]{0,9}|\n){0,60}",
        ) {
            for envelope in [bytes.as_slice(), text.as_bytes()] {
                let (_, content) = about(envelope);
                assert!(content.len() <= Category::ALL.len());
                // Each item takes one byte of it at least: so the reading ends, and in linear time.
                assert!(items(envelope).count() <= envelope.len());
                let payloads: usize = items(envelope).map(|(_, payload)| payload.len()).sum();
                assert!(payloads <= envelope.len());
            }
        }
    }
}

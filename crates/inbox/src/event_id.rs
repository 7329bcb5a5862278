//! Ids of events: [UUIDs](https://develop.sentry.dev/sdk/data-model/event-payloads/#required-attributes), with dashes
//! or without.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::text::{SHORT, clip};

/// Digits of an id without dashes, and characters of one with them: the two forms that Sentry takes.
const LENGTHS: [usize; 2] = [32, 36];

/// As 32 lower-case hex digits; `None` for what is no id.
pub(crate) fn normalised(id: &str) -> Option<String> {
    let parsed = Uuid::parse_str(id).ok().filter(|_| LENGTHS.contains(&id.len()));
    parsed.map(|id| id.simple().to_string())
}

/// The id as it is held: logs and debuggers show it with dashes.
pub(crate) fn plain(id: &str) -> String {
    normalised(id).unwrap_or_else(|| id.to_owned())
}

/// A new one.
pub(crate) fn new() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The `event_id` of an object, which may lack one but not have a malformed one.
pub(crate) fn of(object: &Map<String, Value>) -> Result<Option<String>, String> {
    let malformed = |id: &Value| format!("the event_id {} is not a UUID", clip(&id.to_string(), SHORT));
    match object.get("event_id") {
        None | Some(Value::Null) => Ok(None),
        Some(id) => id.as_str().and_then(normalised).map(Some).ok_or_else(|| malformed(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_both_cases_are_the_same_id() {
        let plain = "0123456789abcdef0123456789abcdef";
        for id in [plain, "01234567-89ab-cdef-0123-456789abcdef", "0123456789ABCDEF0123456789ABCDEF"] {
            assert_eq!(normalised(id).as_deref(), Some(plain), "{id}");
        }
    }

    #[test]
    fn other_spellings_of_a_uuid_are_no_ids() {
        for id in [
            "",
            "0123",
            "g123456789abcdef0123456789abcdef",
            "{01234567-89ab-cdef-0123-456789abcdef}",
            "urn:uuid:01234567-89ab-cdef-0123-456789abcdef",
        ] {
            assert_eq!(normalised(id), None, "{id}");
        }
    }
}

//! JSON as it was sent.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::surrogates;
use crate::weight::Weigh;

/// JSON as it was sent, kept as text: that takes a fraction of the memory, and most of it is never looked at.
#[derive(Debug, Clone)]
pub struct Payload(Arc<RawValue>);

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self(Arc::from(json)))
    }
}

impl Payload {
    /// A copy: a slice would keep all of its envelope in memory, attachments and buffers included.
    pub(super) fn copied(json: &RawValue) -> Self {
        Self(Arc::from(json.to_owned()))
    }

    pub(super) fn read_from(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map(Self::copied).map_err(|error| not_an_object(&error))
    }

    /// A value as text; `None` for null.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        to_raw_value(value).ok().filter(|_| !value.is_null()).map(|json| Self(Arc::from(json)))
    }

    /// The JSON as a value.
    pub fn read(&self) -> Value {
        serde_json::from_slice(&surrogates::paired(self.0.get().as_bytes())).unwrap_or_default()
    }

    /// Its length as text, bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.get().len()
    }
}

impl Weigh for Payload {
    fn heap(&self) -> usize {
        // Two counters stand before the text.
        self.len() + 2 * size_of::<usize>()
    }
}

/// Why a payload is refused that is no object.
pub(super) fn not_an_object(error: &serde_json::Error) -> String {
    format!("its payload is not a JSON object: {error}")
}

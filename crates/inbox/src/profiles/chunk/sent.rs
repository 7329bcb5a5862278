//! A chunk as it is sent. Only what a reader cannot do without must be present and have the right type.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) version: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) profiler_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) chunk_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) platform: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) release: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) environment: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) measurements: Option<HashMap<String, Value>>,
    pub(super) profile: SentProfile,
}

#[derive(Deserialize)]
pub(super) struct SentProfile {
    pub(super) samples: Vec<SentSample>,
    pub(super) stacks: Vec<Vec<u32>>,
    pub(super) frames: Vec<SentFrame>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) thread_metadata: Option<HashMap<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct SentSample {
    pub(super) timestamp: f64,
    pub(super) stack_id: u32,
    pub(super) thread_id: Value,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) span_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SentFrame {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) function: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) module: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) filename: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) abs_path: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) instruction_addr: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) lineno: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) in_app: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct SentMeasurement {
    pub(super) values: Vec<SentValue>,
}

#[derive(Deserialize)]
pub(super) struct SentValue {
    pub(super) timestamp: f64,
    pub(super) value: f64,
}

/// `None` if it has another type.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<Option<T>, D::Error> {
    Value::deserialize(value).map(|value| serde_json::from_value(value).ok())
}

//! The headers of envelopes that are written here.

use std::sync::LazyLock;
use std::time::SystemTime;

use sentry::ClientOptions;
use sentry::protocol::{ClientSdkInfo, EnvelopeHeaders};

/// An envelope with one item, whose header begins so; its length is added.
pub(crate) fn written(item_header: &str, payload: &[u8]) -> Vec<u8> {
    let headers = serde_json::to_string(&stamped(EnvelopeHeaders::new())).unwrap_or_else(|_| "{}".to_owned());
    let mut envelope = format!("{headers}\n{item_header},\"length\":{}}}\n", payload.len()).into_bytes();
    envelope.extend_from_slice(payload);
    envelope.push(b'\n');
    envelope
}

/// Headers that say when the envelope is sent, and by which SDK.
pub fn stamped(headers: EnvelopeHeaders) -> EnvelopeHeaders {
    static SDK: LazyLock<ClientSdkInfo> = LazyLock::new(|| {
        let options = ClientOptions::default();
        let (name, version) = options.user_agent.split_once('/').unwrap_or((&options.user_agent, ""));
        ClientSdkInfo {
            name: name.to_owned(),
            version: version.to_owned(),
            integrations: Vec::new(),
            packages: Vec::new(),
        }
    });
    headers.with_sent_at(SystemTime::now()).with_sdk(SDK.clone())
}

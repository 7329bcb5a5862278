//! From the SDK's envelopes to bytes.

use std::io;
use std::sync::LazyLock;
use std::time::SystemTime;

use sentry::protocol::{ClientSdkInfo, EnvelopeHeaders};
use sentry::{ClientOptions, Envelope};

/// Processes what the SDK made, and writes it. Called off the threads that report, once for each envelope.
pub trait Encode: Send + Sync + 'static {
    /// The envelope as bytes whose header is [`stamped`].
    fn encode(&self, envelope: Envelope) -> io::Result<Vec<u8>>;
}

/// Writes envelopes as the SDK does, and processes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

impl Encode for Plain {
    fn encode(&self, envelope: Envelope) -> io::Result<Vec<u8>> {
        let headers = stamped(envelope.headers().clone());
        let mut bytes = Vec::new();
        envelope.with_headers(headers).to_writer(&mut bytes)?;
        Ok(bytes)
    }
}

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

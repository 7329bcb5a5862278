//! `/api/{project}/store/`: one event as JSON, as clients sent them before there were
//! [envelopes](https://develop.sentry.dev/sdk/data-model/envelopes/). The oldest send it as Base64 of zlib.

use std::io::Read;

use actix_web::web::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::envelope_of;
use crate::envelope::BadEnvelope;
use crate::surrogates;
use crate::upload::MAX_ENVELOPE;

/// An envelope of the event or transaction in the body.
pub(super) fn envelope(body: &[u8]) -> Result<Bytes, BadEnvelope> {
    let body = body.trim_ascii();
    let unpacked;
    let event = if body.starts_with(b"{") {
        body
    } else {
        unpacked = unpack(body)?;
        &unpacked
    };
    let event = surrogates::paired(event);
    let header: Header = serde_json::from_slice(&event).map_err(|error| bad(&error))?;
    let ty = if header.ty.as_deref() == Some("transaction") { "transaction" } else { "event" };
    Ok(envelope_of(ty, &[event]))
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "type", default)]
    ty: Option<String>,
}

fn unpack(body: &[u8]) -> Result<Vec<u8>, BadEnvelope> {
    let packed = BASE64_STANDARD.decode(body).map_err(|error| bad(&error))?;
    let mut event = Vec::new();
    let mut decoder = ZlibDecoder::new(packed.as_slice()).take(MAX_ENVELOPE as u64 + 1);
    decoder.read_to_end(&mut event).map_err(|error| bad(&error))?;
    if event.len() > MAX_ENVELOPE {
        return Err(BadEnvelope::TooLarge { item: 1, ty: "event".to_owned(), most: MAX_ENVELOPE });
    }
    Ok(event)
}

fn bad(error: &dyn std::error::Error) -> BadEnvelope {
    let reason = format!("its payload is not a JSON object, nor Base64 of a compressed one: {error}");
    BadEnvelope::Payload { item: 1, ty: "event".to_owned(), reason }
}

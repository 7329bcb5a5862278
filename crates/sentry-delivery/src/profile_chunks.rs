//! Where profile chunks come in.
//!
//! The SDK has no item for them. As a raw envelope through the client, a chunk would take the SDK's client report with
//! it: the SDK adds one to whatever it sends next, and to raw envelopes nothing can be added.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::category::Category;
use crate::client_reports::Reason;
use crate::envelope::NewEnvelope;
use crate::headers::written;
use crate::pipeline::Pipeline;

/// Takes profile chunks for a transport: see
/// [`HttpTransportFactory::profile_chunks`](crate::HttpTransportFactory::profile_chunks).
#[derive(Debug, Clone, Default)]
pub struct ProfileChunks(Arc<Mutex<Weak<Pipeline>>>);

impl ProfileChunks {
    /// Sends a chunk, given as the JSON of its payload, whose `platform` is `rust`. Never waits.
    ///
    /// A chunk goes behind everything else, and is discarded first: where its own queue is full, where another queue is
    /// half full, and where the server does not take it. What is discarded is counted. Without a client, a chunk is
    /// dropped.
    pub fn send(&self, payload: Vec<u8>) {
        if let Some(pipeline) = self.pipeline() {
            let written = written(r#"{"type":"profile_chunk","platform":"rust""#, &payload);
            pipeline.take_in(NewEnvelope::written(written));
        }
    }

    /// Counts chunks as discarded that could not be made in time.
    pub fn discard(&self, chunks: u64) {
        if let Some(pipeline) = self.pipeline() {
            pipeline.client_reports.record(&[(Category::ProfileChunk, chunks)], Reason::QueueOverflow);
        }
    }

    fn pipeline(&self) -> Option<Arc<Pipeline>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// Lets chunks go to this pipeline from now on.
    pub(crate) fn connect(&self, pipeline: &Arc<Pipeline>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(pipeline);
    }
}

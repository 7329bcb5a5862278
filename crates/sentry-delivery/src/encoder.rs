//! Turns the SDK's envelopes into bytes for the wire.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use sentry::Envelope;
use sentry::protocol::EnvelopeItem;

use crate::category::Category;
use crate::client_reports::{Reason, content};
use crate::envelope::{EncodedEnvelope, NewBody, NewEnvelope, filtered};
use crate::headers::stamped;
use crate::pipeline::Pipeline;
use crate::queues::Queues;
use crate::room::Waiting;
use crate::spotlight::Spotlight;

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

/// Encodes, on whatever thread it is run.
pub(crate) struct Encoder {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) encode: Arc<dyn Encode>,
    /// Gets a copy of everything.
    pub(crate) copies: Option<Arc<Spotlight>>,
}

impl Encoder {
    /// Encodes what comes in until the intake is closed and empty.
    pub(crate) async fn run(&self, intake: &Queues<NewEnvelope>) {
        while let Some(new) = intake.next().await {
            if let Some(encoded) = self.encoded(new) {
                self.pipeline.queue(encoded);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Makes an envelope ready for the wire. `None` if nothing of it is left, which is counted.
    pub(crate) fn encoded(&self, new: Waiting<NewEnvelope>) -> Option<Waiting<EncodedEnvelope>> {
        let Waiting { envelope: NewEnvelope { body, content, .. }, mut share } = new;
        let encoded = match body {
            NewBody::Written(bytes) => EncodedEnvelope::of_bytes(bytes),
            NewBody::Made(envelope) => self.processed(self.allowed(*envelope)?),
        };
        let record = |error: &io::Error| {
            tracing::error!(%error, "an envelope could not be written");
            self.pipeline.client_reports.record(&content, Reason::InternalSdkError);
        };
        let envelope = encoded.inspect_err(record).ok()?;
        share.resize(envelope.weight());
        self.copies.iter().for_each(|spotlight| spotlight.show(&envelope));
        Some(Waiting { envelope, share })
    }

    /// Processing that panics costs its envelope, and no thread.
    fn processed(&self, envelope: Envelope) -> io::Result<EncodedEnvelope> {
        let content = content(&envelope);
        let body = catch_unwind(AssertUnwindSafe(|| self.encode.encode(envelope)));
        let body = body.unwrap_or_else(|_| Err(io::Error::other("its processing panicked")))?;
        EncodedEnvelope::new(body, content)
    }

    /// The envelope without the attachments that the server does not want now.
    fn allowed(&self, envelope: Envelope) -> Option<Envelope> {
        if self.pipeline.limits.until(Category::Attachment, Instant::now()).is_none() {
            return Some(envelope);
        }
        let is_wanted = |item: &EnvelopeItem| !matches!(item, EnvelopeItem::Attachment(_));
        let reports = &self.pipeline.client_reports;
        filtered(envelope, is_wanted, |item| reports.record(&content(&item), Reason::RatelimitBackoff))
    }
}

#[cfg(test)]
mod tests {
    use sentry::protocol::{Attachment, Event};

    use super::*;
    use crate::http::Answer;

    fn encoder(encode: impl Encode) -> Encoder {
        Encoder { pipeline: Arc::default(), encode: Arc::new(encode), copies: None }
    }

    struct Fails;

    impl Encode for Fails {
        fn encode(&self, envelope: Envelope) -> io::Result<Vec<u8>> {
            match envelope.event().and_then(|event| event.message.as_deref()) {
                Some("panic") => panic!("as asked"),
                Some("error") => Err(io::Error::other("as asked")),
                _ => Plain.encode(envelope),
            }
        }
    }

    fn accept(encoder: &Encoder, message: &str) {
        let event = Event { message: Some(message.to_owned()), ..Event::default() };
        encoder.pipeline.accept(event.into());
    }

    #[tokio::test]
    async fn an_envelope_that_cannot_be_encoded_is_counted_and_stops_no_other() {
        let encoder = encoder(Fails);
        ["panic", "well", "error", "well"].iter().for_each(|message| accept(&encoder, message));
        encoder.pipeline.errors.close();
        encoder.run(&encoder.pipeline.errors).await;
        assert_eq!(encoder.pipeline.outbox.remove(Category::Error).len(), 2);
        let discarded = [((Reason::InternalSdkError, Category::Error), 2)].into();
        assert_eq!(encoder.pipeline.client_reports.take(), Some(discarded));
        assert!(encoder.pipeline.room.is_empty());
    }

    #[tokio::test]
    async fn an_attachment_that_is_not_wanted_is_left_out_and_counted_in_bytes() {
        let encoder = encoder(Plain);
        let limits = Some("60:attachment:key".to_owned());
        encoder.pipeline.limits.update(&Answer { limits, ..Answer::default() });
        let mut envelope = Envelope::from(Event::default());
        envelope.add_item(Attachment { buffer: vec![7; 5], ..Attachment::default() });
        encoder.pipeline.accept(envelope);
        encoder.pipeline.errors.close();
        encoder.run(&encoder.pipeline.errors).await;
        let sent = encoder.pipeline.outbox.remove(Category::Error);
        assert_eq!(sent[0].envelope.content, [(Category::Error, 1)]);
        let discarded = [((Reason::RatelimitBackoff, Category::Attachment), 5)].into();
        assert_eq!(encoder.pipeline.client_reports.take(), Some(discarded));
    }
}

//! One queue, bounded by count and by bytes.

use std::collections::VecDeque;

use crate::category::{Bounds, Category};
use crate::envelope::{EncodedEnvelope, QueuedEnvelope};

/// The longest envelope that gets its chance in an empty queue though it is beyond the bound by itself. Sentry takes
/// 20 MiB, compressed.
const MAX_ENVELOPE_BYTES: usize = 32 * 1024 * 1024;

/// What waits of one category: encoded envelopes first, then those that are still to be encoded.
#[derive(Default)]
pub(super) struct Queue {
    ready: VecDeque<EncodedEnvelope>,
    /// With their weights: an envelope as the SDK makes it is weighed once.
    unready: VecDeque<(QueuedEnvelope, usize)>,
    bytes: usize,
    /// The most that they were.
    peak: usize,
}

impl Queue {
    /// Adds the newest, which weighs that much; gives it back where it does not fit.
    pub(super) fn push(
        &mut self,
        queued: QueuedEnvelope,
        weight: usize,
        bounds: Bounds,
    ) -> Result<(), Box<QueuedEnvelope>> {
        let most = if self.is_empty() { bounds.bytes.max(MAX_ENVELOPE_BYTES) } else { bounds.bytes };
        if self.len() >= bounds.count || self.bytes + weight > most {
            return Err(Box::new(queued));
        }
        self.bytes += weight;
        self.peak = self.peak.max(self.bytes);
        match queued {
            QueuedEnvelope::Encoded(encoded) => self.ready.push_back(encoded),
            unready => self.unready.push_back((unready, weight)),
        }
        Ok(())
    }

    /// Back from a failed attempt, behind those that have had none. It had its place already: no bound is looked at.
    pub(super) fn put_back(&mut self, encoded: EncodedEnvelope) {
        self.bytes += encoded.weight();
        self.ready.push_back(encoded);
    }

    pub(super) fn pop(&mut self) -> Option<QueuedEnvelope> {
        self.pop_ready().map(QueuedEnvelope::Encoded).or_else(|| self.pop_unready())
    }

    pub(super) fn pop_ready(&mut self) -> Option<EncodedEnvelope> {
        let encoded = self.ready.pop_front()?;
        self.bytes -= encoded.weight();
        Some(encoded)
    }

    pub(super) fn pop_unready(&mut self) -> Option<QueuedEnvelope> {
        let (queued, weight) = self.unready.pop_front()?;
        self.bytes -= weight;
        Some(queued)
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) fn unready(&self) -> usize {
        self.unready.len()
    }

    /// Of count or bytes, whichever is nearer to its bound; 1 is full.
    pub(super) fn fullness(&self, category: Category) -> f32 {
        let bounds = category.bounds();
        (self.len() as f32 / bounds.count as f32).max(self.bytes as f32 / bounds.bytes as f32)
    }

    /// The most bytes that waited at once.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    pub(super) fn forget_peak(&mut self) {
        self.peak = self.bytes;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.ready.len() + self.unready.len()
    }
}

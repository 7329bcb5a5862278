//! One queue, bounded by count and by bytes.

use std::collections::VecDeque;

use crate::transport::category::{Bounds, Category};
use crate::transport::letter::{Letter, Parcel};

/// The longest envelope that gets its chance in an empty queue though it is beyond the bound by itself. Sentry takes
/// 20 MiB, compressed.
const MAX_ENVELOPE_BYTES: usize = 32 * 1024 * 1024;

/// What waits of one category: letters that are ready, before parcels that are not.
#[derive(Default)]
pub(super) struct Lane {
    ready: VecDeque<Letter>,
    /// With their weights: an envelope as the SDK makes it is weighed once.
    unready: VecDeque<(Parcel, usize)>,
    bytes: usize,
    /// The most that they were.
    peak: usize,
}

impl Lane {
    /// Adds the newest, which weighs that much; gives it back where it does not fit.
    pub(super) fn push(&mut self, parcel: Parcel, weight: usize, bounds: Bounds) -> Result<(), Box<Parcel>> {
        let most = if self.is_empty() { bounds.bytes.max(MAX_ENVELOPE_BYTES) } else { bounds.bytes };
        if self.len() >= bounds.count || self.bytes + weight > most {
            return Err(Box::new(parcel));
        }
        self.bytes += weight;
        self.peak = self.peak.max(self.bytes);
        match parcel {
            Parcel::Letter(letter) => self.ready.push_back(letter),
            unready => self.unready.push_back((unready, weight)),
        }
        Ok(())
    }

    /// Back from a failed attempt, behind those that have had none. It had its place already: no bound is looked at.
    pub(super) fn put_back(&mut self, letter: Letter) {
        self.bytes += letter.weight();
        self.ready.push_back(letter);
    }

    pub(super) fn pop(&mut self) -> Option<Parcel> {
        self.pop_ready().map(Parcel::Letter).or_else(|| self.pop_unready())
    }

    pub(super) fn pop_ready(&mut self) -> Option<Letter> {
        let letter = self.ready.pop_front()?;
        self.bytes -= letter.weight();
        Some(letter)
    }

    pub(super) fn pop_unready(&mut self) -> Option<Parcel> {
        let (parcel, weight) = self.unready.pop_front()?;
        self.bytes -= weight;
        Some(parcel)
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

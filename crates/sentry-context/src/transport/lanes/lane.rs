//! One queue, bounded by count and by bytes.

use std::collections::VecDeque;

use crate::transport::category::Category;
use crate::transport::letter::{Letter, Parcel};

/// What waits of one category: letters that are ready, before parcels that are not.
#[derive(Default)]
pub(super) struct Lane {
    ready: VecDeque<Letter>,
    unready: VecDeque<Parcel>,
    bytes: usize,
    /// The most that they were.
    peak: usize,
}

impl Lane {
    /// Adds the newest; gives it back where it does not fit.
    pub(super) fn push(&mut self, parcel: Parcel) -> Result<(), Box<Parcel>> {
        let (bounds, weight) = (parcel.category().bounds(), parcel.weight());
        // What alone is beyond the bound still gets its chance in an empty queue.
        let fits = self.len() < bounds.count && (self.is_empty() || self.bytes + weight <= bounds.bytes);
        if !fits {
            return Err(Box::new(parcel));
        }
        self.bytes += weight;
        self.peak = self.peak.max(self.bytes);
        match parcel {
            Parcel::Letter(letter) => self.ready.push_back(letter),
            unready => self.unready.push_back(unready),
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
        let parcel = self.unready.pop_front()?;
        self.bytes -= parcel.weight();
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

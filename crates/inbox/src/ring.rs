//! A queue bounded by count and bytes that forgets its oldest, and counts what it forgot.

use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    max_count: usize,
    max_bytes: usize,
    evicted: u64,
}

impl<T> Ring<T> {
    pub(crate) fn new(max_count: usize, max_bytes: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, max_count, max_bytes, evicted: 0 }
    }

    /// Adds the newest, which stays even where it alone is beyond the bound.
    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back((item, bytes));
        self.bytes += bytes;
        while self.items.len() > 1 && (self.items.len() > self.max_count || self.bytes > self.max_bytes) {
            self.bytes -= self.items.pop_front().map_or(0, |(_, bytes)| bytes);
            self.evicted += 1;
        }
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(item, _)| item)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }
}

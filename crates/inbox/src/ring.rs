//! A queue bounded by count that knows its weight, forgets its oldest, and counts what it forgot.

use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    max_count: usize,
    evicted: u64,
}

impl<T> Ring<T> {
    pub(crate) fn new(max_count: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, max_count, evicted: 0 }
    }

    /// Adds the newest, which weighs that many bytes.
    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back((item, bytes));
        self.bytes += bytes;
        while self.items.len() > self.max_count && self.forget_oldest() {}
    }

    /// The newest stays.
    pub(crate) fn forget_oldest(&mut self) -> bool {
        if self.items.len() < 2 {
            return false;
        }
        self.bytes -= self.items.pop_front().map_or(0, |(_, bytes)| bytes);
        self.evicted += 1;
        true
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

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
    /// For what is bounded in bytes together with other things.
    pub(crate) fn new(max_count: usize) -> Self {
        Self::bounded(max_count, usize::MAX)
    }

    pub(crate) fn bounded(max_count: usize, max_bytes: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, max_count, max_bytes, evicted: 0 }
    }

    /// The same without what is in it.
    pub(crate) fn emptied(&self) -> Self {
        Self { evicted: self.evicted, ..Self::bounded(self.max_count, self.max_bytes) }
    }

    /// Adds the newest, which weighs that many bytes.
    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back((item, bytes));
        self.bytes += bytes;
        let too_much = |it: &Self| it.items.len() > it.max_count || it.bytes > it.max_bytes;
        while too_much(self) && self.forget_oldest() {}
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

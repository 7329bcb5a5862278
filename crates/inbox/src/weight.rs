//! How many bytes of memory something takes: the value itself, and what it has on the heap.

/// Of an allocation, what the allocator takes for itself.
const ALLOCATION: usize = 16;

/// Something whose memory is counted.
pub(crate) trait Weigh {
    /// Bytes on the heap.
    fn heap(&self) -> usize;

    /// Bytes in all.
    fn weight(&self) -> usize
    where
        Self: Sized,
    {
        size_of::<Self>() + self.heap()
    }
}

impl Weigh for String {
    fn heap(&self) -> usize {
        if self.capacity() == 0 { 0 } else { self.capacity() + ALLOCATION }
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, Weigh::heap)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap(&self) -> usize {
        let own = if self.capacity() == 0 { 0 } else { self.capacity() * size_of::<T>() + ALLOCATION };
        own + self.iter().map(Weigh::heap).sum::<usize>()
    }
}

impl<T: Weigh, U: Weigh> Weigh for (T, U) {
    fn heap(&self) -> usize {
        self.0.heap() + self.1.heap()
    }
}

/// The sum of what several fields have on the heap.
pub(crate) fn heap_of<const N: usize>(fields: [&dyn Weigh; N]) -> usize {
    fields.iter().map(|field| field.heap()).sum()
}

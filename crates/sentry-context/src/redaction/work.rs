//! Counts how many bytes searches look at, so that tests can tell linear work from quadratic work without a clock.

#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts the bytes that a search looks at, if the search may begin at many places of a text. Does nothing outside of
/// tests.
#[inline]
pub(super) fn looked_at(bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.with(|sum| sum.set(sum.get() + bytes));
    #[cfg(not(test))]
    let _ = bytes;
}

/// How many bytes `work` examines.
#[cfg(test)]
pub(super) fn of(work: impl FnOnce()) -> usize {
    LOOKED_AT.set(0);
    work();
    LOOKED_AT.get()
}

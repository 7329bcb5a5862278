//! The span that a thread works for at the moment: its samples carry the id, which separates the samples of a request from
//! those of its neighbours on the same worker.

use std::cell::Cell;

use sentry::protocol::SpanId;

use super::standby;

thread_local! {
    /// 0 where there is none. It has no destructor and no initialiser, so that a signal handler may read it.
    static ACTIVE: Cell<u64> = const { Cell::new(0) };
}

/// The id of the calling thread's span; 0 where there is none. Two instructions: a signal handler may call it.
pub fn get() -> u64 {
    ACTIVE.get()
}

/// Changes it; what it was before.
pub(crate) fn replace(span: u64) -> u64 {
    if span != 0 {
        standby::work_begins();
    }
    ACTIVE.replace(span)
}

/// A span's id as a number.
pub(crate) fn number(span: SpanId) -> u64 {
    u64::from_str_radix(&span.to_string(), 16).unwrap_or_default()
}

/// Makes it the calling thread's span until it is dropped.
#[derive(Debug)]
pub(crate) struct Active {
    before: u64,
}

impl Active {
    pub(crate) fn new(span: u64) -> Self {
        Self { before: replace(span) }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        replace(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_active_until_its_work_ends_and_then_the_one_around_it() {
        let outer = Active::new(1);
        let inner = Active::new(2);
        assert_eq!(get(), 2);
        drop(inner);
        assert_eq!(get(), 1);
        drop(outer);
        assert_eq!(get(), 0);
    }

    #[test]
    fn an_id_is_the_number_that_its_digits_are() {
        let id: SpanId = "00f067aa0ba902b7".parse().unwrap();
        assert_eq!(format!("{:016x}", number(id)), id.to_string());
    }
}

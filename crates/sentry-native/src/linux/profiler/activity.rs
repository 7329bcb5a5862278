//! Whether anybody but the sampler has run.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::known::RAN;

/// Looks in a row that may find nothing: the system counts the time of a thread that runs up to the latest tick only,
/// which may be a while ago where a processor is left to one thread.
const QUIET: u32 = 10;

/// Processor time between two looks that is next to nothing: what a service takes that has no request.
const LITTLE: Duration = Duration::from_micros(200);

/// The processor time of the process at the last look, without that of the calling thread.
#[derive(Debug, Default)]
pub(super) struct Activity {
    used: Duration,
    is_little: bool,
    quiet: u32,
}

impl Activity {
    /// Has a thread other than the calling one run since the last look? True where that is not known.
    pub(super) fn has_been(&mut self) -> bool {
        let clock = |clock| clock_gettime(clock).ok().map(Duration::from);
        let all = clock(ClockId::CLOCK_PROCESS_CPUTIME_ID);
        let used = all.zip(clock(ClockId::CLOCK_THREAD_CPUTIME_ID)).map(|(all, own)| all.saturating_sub(own));
        let moved = used.map_or(Duration::MAX, |used| used.saturating_sub(self.used));
        self.used = used.unwrap_or_default();
        self.note(moved)
    }

    fn note(&mut self, moved: Duration) -> bool {
        let has_been = moved > RAN;
        self.is_little = moved <= LITTLE;
        self.quiet = if has_been || self.quiet >= QUIET { 0 } else { self.quiet + 1 };
        self.quiet == 0
    }

    /// Did they do next to nothing between the last two looks?
    pub(super) fn is_little(&self) -> bool {
        self.is_little
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn little_is_noticed_and_more_than_little_is_no_rest() {
        let mut activity = Activity::default();
        for (moved, has_been, is_little) in
            [(RAN, false, true), (RAN * 2, true, true), (LITTLE, true, true), (LITTLE * 2, true, false)]
        {
            assert_eq!((activity.note(moved), activity.is_little()), (has_been, is_little), "{moved:?}");
        }
    }

    #[test]
    fn a_thread_that_computes_is_noticed_and_a_look_in_so_many_finds_something() {
        let mut activity = Activity::default();
        activity.has_been();
        thread::spawn(|| {
            let end = Instant::now() + Duration::from_millis(20);
            while Instant::now() < end {
                black_box(());
            }
        })
        .join()
        .unwrap();
        assert!(activity.has_been() && !activity.is_little());
        // Other tests run beside this one.
        assert!((0..=QUIET).any(|_| activity.has_been()));
    }
}

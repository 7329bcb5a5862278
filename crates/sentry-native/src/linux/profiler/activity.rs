//! Whether any thread but the sampler has run.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::known::RAN;

/// Looks in a row that may find nothing: the system counts the time of a thread that runs up to the latest tick only,
/// which may be a while ago where a processor is left to one thread.
const QUIET: u32 = 10;

/// The CPU time of the process at the last look, without that of the calling thread.
#[derive(Debug, Default)]
pub(super) struct Activity {
    used: Duration,
    quiet: u32,
}

/// What a look at the whole process says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    /// CPU time of all threads but the calling one since the last look. The most there is where it is not known.
    pub(super) time: Duration,
    /// Has one of them run? True if that is not known.
    pub(super) has_run: bool,
}

impl Activity {
    pub(super) fn look(&mut self) -> Used {
        let clock = |clock| clock_gettime(clock).ok().map(Duration::from);
        let all = clock(ClockId::CLOCK_PROCESS_CPUTIME_ID);
        let used = all.zip(clock(ClockId::CLOCK_THREAD_CPUTIME_ID)).map(|(all, own)| all.saturating_sub(own));
        let time = used.map_or(Duration::MAX, |used| used.saturating_sub(self.used));
        self.used = used.unwrap_or_default();
        Used { time, has_run: self.note(time) }
    }

    fn note(&mut self, time: Duration) -> bool {
        let has_run = time > RAN;
        self.quiet = if has_run || self.quiet >= QUIET { 0 } else { self.quiet + 1 };
        self.quiet == 0
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_thread_that_computes_is_noticed_and_a_look_in_so_many_finds_something() {
        let mut activity = Activity::default();
        activity.look();
        thread::spawn(|| {
            let end = Instant::now() + Duration::from_millis(20);
            while Instant::now() < end {
                black_box(());
            }
        })
        .join()
        .unwrap();
        let used = activity.look();
        assert!(used.has_run && used.time >= Duration::from_millis(1), "{used:?}");
        // Other tests run beside this one.
        assert!((0..=QUIET).any(|_| activity.look().has_run));
    }
}

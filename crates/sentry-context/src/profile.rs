//! Continuous profiles: what every thread did, about a hundred times a second, in Sentry's
//! [Sample Format V2](https://develop.sentry.dev/sdk/telemetry/profiles/sample-format-v2/).
//!
//! The [platform](crate::platform) samples; this module is what is portable of it:
//!
//! | module | |
//! |---|---|
//! | [`Profiling`] | which processes are profiled, and when |
//! | [`Recording`] | samples as addresses, within bounds: cheap enough for the sampling thread |
//! | `chunk` | a recording with its symbols, as Sentry takes it |
//! | [`active`] | the span that a thread works for at the moment, for its samples |
//! | [`roots`] | whether a sampled transaction is open, for [`Lifecycle::Trace`] |
//! | [`standby`] | who wakes a sampler that looks seldom |
//!
//! Times are wall-clock times: a thread that waits in a lock or sleeps below a frame of ours is there all the while. A
//! thread that waits for work is idle, which is an empty stack.

pub mod active;
mod chunk;
mod frame;
pub(crate) mod lifecycle;
mod link;
pub(crate) mod recorder;
mod recording;
pub mod roots;
mod session;
pub mod standby;
mod symbols;
mod table;

use std::time::Duration;

use crate::env::{self, EnvError, Variable};

pub use lifecycle::Lifecycle;
pub use link::followed;
pub(crate) use link::{add_context, name_thread, number, number_of};
pub use recorder::Recorder;
pub use recording::{Recording, Sample};
pub use session::profiler_id;
pub(crate) use session::{Session, is_on, start};

/// Samples a second: not 100, which would keep step with timers.
pub const FREQUENCY: u32 = 101;

/// Longest time of a chunk. Sentry takes 66 s.
pub const CHUNK: Duration = Duration::from_secs(10);

/// Deepest stack of a sample, in frames: Sentry's own limit.
pub const DEPTH: usize = 256;

/// Which processes are profiled, and when. Off by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profiling {
    /// Share of processes that are profiled, 0..=1. Each decides once, when it starts.
    pub session_sample_rate: f32,
    /// When those are.
    pub lifecycle: Lifecycle,
}

impl Profiling {
    /// Reads the environment. `rate` declares the sample rate, with the program's default.
    pub fn from_env(rate: &Variable) -> Result<Self, EnvError> {
        Ok(Self { session_sample_rate: env::parsed(rate)?, lifecycle: env::parsed(&lifecycle::VARIABLE)? })
    }

    /// Is this process one of those? `chance` is anything from 0 to 1, without 1.
    fn includes(&self, chance: f32) -> bool {
        chance < self.session_sample_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_zero_profiles_no_process_and_one_every_process() {
        let at = |session_sample_rate| Profiling { session_sample_rate, ..Profiling::default() };
        let almost_one = 1.0 - f32::EPSILON;
        assert!(!at(0.0).includes(0.0) && !Profiling::default().includes(0.0));
        assert!(at(1.0).includes(almost_one) && at(1.0).includes(0.0));
        assert!(at(0.5).includes(0.4) && !at(0.5).includes(0.5));
    }
}

//! Platforms on which the native parts are not available: the same interface, which does nothing and says so.

pub mod native_crash;
pub mod stall;

use sentry_context::platform::{Platform, Portable, Resolve};

/// Nothing is sampled whose addresses it would name.
pub(crate) fn resolver() -> Box<dyn Resolve> {
    Portable.resolver()
}

/// The same for events.
pub(crate) fn resolver_of_events() -> Box<dyn Resolve> {
    resolver()
}

/// The allocator decides.
pub(crate) fn release_memory() {}

/// The scheduler decides.
pub(crate) fn lower_priority() {}

/// Nothing bears it.
pub(crate) fn thread_id() -> Option<u64> {
    None
}

pub(crate) mod profiler {
    //! Nothing is sampled.

    use std::io;

    use sentry_context::platform::Sampling;
    use sentry_context::profile::{Lifecycle, Recorder};

    /// Why there is nothing here.
    pub(crate) const UNAVAILABLE: Option<&str> = Some("profiles are taken on Linux only");

    pub(crate) fn start(_: Lifecycle, _: Recorder) -> io::Result<Option<Box<dyn Sampling>>> {
        Ok(None)
    }
}

pub(crate) mod last_run {
    //! Runs are not recorded.

    use std::io;
    use std::sync::Arc;

    use sentry::Hub;
    use sentry_context::platform::{NewRun, Panic, Run};

    /// Why there is nothing here.
    pub(crate) const UNAVAILABLE: Option<&str> =
        Some("an earlier run that crashed or was killed is reported on Linux only");

    pub(crate) fn begin(_run: &NewRun<'_>, _hub: &Arc<Hub>) -> io::Result<Option<Box<dyn Run>>> {
        Ok(None)
    }

    pub(crate) fn record_panics(_panics: &[Panic]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

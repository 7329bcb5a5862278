//! Which cores are used by what: the load and the sink have the last one, the service has all others. Only Linux binds
//! threads to cores; elsewhere nothing can be measured.

/// The two sides of a measurement.
#[derive(Debug, Clone)]
pub(crate) struct Cores {
    /// For the service: all but the last; with a single core, that one.
    pub(crate) service: Vec<usize>,
    /// For load and sink.
    pub(crate) rest: Vec<usize>,
}

impl Cores {
    /// Shares out what this process may use.
    pub(crate) fn share_out() -> Result<Self, nix::Error> {
        let mut service = allowed()?;
        let rest = vec![service.pop().unwrap_or(0)];
        if service.is_empty() {
            service.clone_from(&rest);
        }
        Ok(Self { service, rest })
    }
}

/// Binds this thread, and what it will start, to cores.
#[cfg(target_os = "linux")]
pub(crate) fn pin(cores: &[usize]) -> Result<(), nix::Error> {
    use nix::sched::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core)?;
    }
    sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
}

/// Does something on other cores. A child that is bound only once it runs may have threads by then, which stay where
/// they are.
pub(crate) fn on<T>(cores: &[usize], start: impl FnOnce() -> T) -> Result<T, nix::Error> {
    let before = allowed()?;
    pin(cores)?;
    let started = start();
    pin(&before)?;
    Ok(started)
}

/// The cores that this thread may run on.
#[cfg(target_os = "linux")]
fn allowed() -> Result<Vec<usize>, nix::Error> {
    use nix::sched::{CpuSet, sched_getaffinity};
    let allowed = sched_getaffinity(nix::unistd::Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false)).collect())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(_cores: &[usize]) -> Result<(), nix::Error> {
    Err(nix::Error::ENOTSUP)
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Result<Vec<usize>, nix::Error> {
    Err(nix::Error::ENOTSUP)
}

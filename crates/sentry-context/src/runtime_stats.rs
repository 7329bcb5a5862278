//! Memory, CPU, threads and open files of this process, sampled in the background so that reading is free.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Once};
use std::time::{Duration, Instant, SystemTime};

use nix::time::{ClockId, clock_gettime};
use sentry::protocol::{AppContext, Context, Map, RuntimeContext, Value};
use serde::{Deserialize, Serialize};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

/// How often the background thread samples. A refresh of this one process costs about 0.1 ms.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the context `app` calls the memory of the process.
pub(crate) const APP_MEMORY: &str = "app_memory";

const MIB: f64 = 1024.0 * 1024.0;

static STARTED: LazyLock<(Instant, SystemTime)> = LazyLock::new(|| (Instant::now(), SystemTime::now()));
static LATEST: Sample = Sample::empty();

struct Sample {
    memory: AtomicU64,
    cpu: AtomicU32,
    threads: AtomicU32,
    open_fds: AtomicU32,
    memory_total: AtomicU64,
    memory_free: AtomicU64,
}

impl Sample {
    const fn empty() -> Self {
        Self {
            memory: AtomicU64::new(0),
            cpu: AtomicU32::new(0),
            threads: AtomicU32::new(0),
            open_fds: AtomicU32::new(0),
            memory_total: AtomicU64::new(0),
            memory_free: AtomicU64::new(0),
        }
    }
}

/// This process at the last sample.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RuntimeStats {
    /// Resident memory, bytes.
    pub memory_bytes: u64,
    /// CPU use over the last interval, percent of one core (200 = two busy cores).
    pub cpu_percent: f32,
    /// Threads of the process.
    pub threads: u32,
    /// Open file descriptors.
    pub open_fds: u32,
    /// Time since [`start`], seconds.
    pub uptime_seconds: f64,
    /// When the process started to sample, for Sentry the start of the app.
    pub started: SystemTime,
    /// Memory of the machine, bytes.
    pub memory_total: u64,
    /// Memory of the machine that is free, bytes.
    pub memory_free: u64,
}

impl RuntimeStats {
    /// What the process was, as the contexts `app` and `runtime` of an event.
    pub fn contexts(&self, service: &str, release: &str) -> [(String, Context); 2] {
        let app = AppContext {
            app_start_time: Some(self.started),
            app_name: Some(service.to_owned()),
            app_version: release.split_once('@').map(|(_, version)| version.to_owned()),
            other: Map::from_iter([(APP_MEMORY.to_owned(), self.memory_bytes.into())]),
            ..AppContext::default()
        };
        [("app".to_owned(), app.into()), ("runtime".to_owned(), self.runtime().into())]
    }

    /// The second of them.
    pub(crate) fn runtime(&self) -> RuntimeContext {
        let facts: [(&str, Value); 5] = [
            ("memory_mb", mb(self.memory_bytes).into()),
            ("cpu_percent", hundredths(self.cpu_percent.into()).into()),
            ("threads", self.threads.into()),
            ("uptime_seconds", hundredths(self.uptime_seconds).into()),
            ("open_fds", self.open_fds.into()),
        ];
        let other = facts.map(|(name, value)| (name.to_owned(), value)).into();
        RuntimeContext { other, ..RuntimeContext::default() }
    }
}

/// Samples once and goes on in a background thread; later calls do nothing.
pub fn start() {
    static START: Once = Once::new();
    START.call_once(|| {
        LazyLock::force(&STARTED);
        let mut sampler = Sampler::new();
        sampler.sample();
        // Without a thread the first sample stays: old numbers beat no service.
        let _ = std::thread::Builder::new().name("runtime-stats".to_owned()).spawn(move || {
            loop {
                let cpu = CpuMeter::start();
                std::thread::sleep(INTERVAL);
                LATEST.cpu.store(cpu.percent().to_bits(), Relaxed);
                sampler.sample();
            }
        });
    });
}

/// The latest sample. Costs a few atomic loads.
pub fn read() -> RuntimeStats {
    RuntimeStats {
        memory_bytes: LATEST.memory.load(Relaxed),
        cpu_percent: f32::from_bits(LATEST.cpu.load(Relaxed)),
        threads: LATEST.threads.load(Relaxed),
        open_fds: LATEST.open_fds.load(Relaxed),
        uptime_seconds: STARTED.0.elapsed().as_secs_f64(),
        started: STARTED.1,
        memory_total: LATEST.memory_total.load(Relaxed),
        memory_free: LATEST.memory_free.load(Relaxed),
    }
}

/// Resident memory of this process right now, MiB. Reads the system: for answers, not for every event.
pub fn memory_mb_now() -> f64 {
    let mut sampler = Sampler::new();
    sampler.refresh();
    mb(sampler.process().map_or(0, sysinfo::Process::memory))
}

/// Bytes as MiB, rounded to hundredths.
pub fn mb(bytes: u64) -> f64 {
    hundredths(bytes as f64 / MIB)
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// CPU use of this process since [`start`](Self::start).
///
/// It reads the clock of the process, which counts nanoseconds. The ticks of `/proc` are 10 ms long: beside busy
/// processes, a whole measurement may be shorter than one.
#[derive(Debug)]
pub struct CpuMeter {
    started: Instant,
    /// What the process had used by then.
    used: Duration,
}

impl CpuMeter {
    /// Starts to measure.
    pub fn start() -> Self {
        Self { started: Instant::now(), used: cpu_time() }
    }

    /// Percent of one core since the start (200 = two busy cores).
    pub fn percent(&self) -> f32 {
        let used = cpu_time().saturating_sub(self.used);
        // No clock is fine enough to measure nothing.
        let elapsed = self.started.elapsed().max(Duration::from_nanos(1));
        (used.as_secs_f64() / elapsed.as_secs_f64() * 100.0) as f32
    }
}

/// CPU time that the calling thread has used; zero if the system has no such clock.
pub fn thread_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// What all threads of this process have used; zero if the system has no such clock.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Where the system gives no figures, the samples stay at zero.
struct Sampler {
    system: Option<System>,
    pid: Option<Pid>,
}

impl Sampler {
    fn new() -> Self {
        Self { system: System::new().ok(), pid: get_current_pid().ok() }
    }

    fn refresh(&mut self) {
        let what = ProcessRefreshKind::nothing().with_memory();
        if let (Some(pid), Some(system)) = (self.pid, &mut self.system) {
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, what);
        }
    }

    fn process(&self) -> Option<&sysinfo::Process> {
        self.system.as_ref()?.process(self.pid?)
    }

    fn sample(&mut self) {
        self.refresh();
        if let Some(system) = &mut self.system {
            system.refresh_memory();
            LATEST.memory_total.store(system.total_memory(), Relaxed);
            LATEST.memory_free.store(system.available_memory(), Relaxed);
        }
        if let Some(process) = self.process() {
            LATEST.memory.store(process.memory(), Relaxed);
            // On Linux, counting them opens a folder, which is one of them.
            let counting = u32::from(cfg!(target_os = "linux"));
            let open = process.open_files().and_then(|open| u32::try_from(open).ok()).unwrap_or_default();
            LATEST.open_fds.store(open.saturating_sub(counting), Relaxed);
        }
        LATEST.threads.store(threads(), Relaxed);
    }
}

/// Threads of this process; 0 where the system has no `/proc`.
fn threads() -> u32 {
    let threads = std::fs::read_dir("/proc/self/task");
    threads.map_or(0, |threads| u32::try_from(threads.count()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_shorter_than_a_tick_of_the_system_counts() {
        let cpu = CpuMeter::start();
        let used = cpu_time();
        while cpu_time() == used {}
        assert!(cpu.percent() > 0.0);
    }
}

//! What a process does while it is profiled, in ways that a sampler could be in the way of.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;
use nix::time::{ClockId, clock_gettime};
use sentry_context::client::{self, Config, Delivery, Guard};
use sentry_context::profile::{self, Lifecycle, Profiling};
use sentry_native::native_crash::{self, CrashChild, CrashChildFailed};
use sentry_native::stall::Watchdog;

use crate::last_run::{DSN, HOW, config};
use crate::standby;

pub(crate) const ARGUMENTS: [&str; 4] = ["--exact", "profiled::is_profiled", "--ignored", "--nocapture"];

/// The share of processes that are profiled.
pub(crate) const RATE: &str = "TEST_RATE";

/// Panics of a process in which everything happens at once.
pub(crate) const PANICS: usize = 200;

/// How long most of them go on.
pub(crate) const TIME: Duration = Duration::from_secs(3);

/// Enough to find the names of a whole debug build on a busy machine.
const LONG: Duration = Duration::from_secs(60);

#[test]
#[ignore = "the tests of the profiler run it in a process of its own"]
fn is_profiled() {
    if native_crash::is_crash_child() {
        // SAFETY: none; that is what it is for.
        native_crash::crash(|| unsafe { std::ptr::null_mut::<u8>().write_volatile(1) });
    }
    let session_sample_rate = std::env::var(RATE).map_or(1.0, |rate| rate.parse().unwrap());
    let profiling = Profiling { session_sample_rate, lifecycle: Lifecycle::Manual };
    let dsn = std::env::var(DSN).unwrap();
    let sentry = client::init(Config { profiling, ..config(&dsn, Delivery::default()) });
    assert_eq!(profile::profiler_id().is_some(), session_sample_rate > 0.0);
    let how = std::env::var(HOW).unwrap();
    match how.as_str() {
        "churn" => threads_come_and_go(),
        "calls" => waits_in_calls(),
        "stall" => is_blocked(&sentry),
        "crash" => its_children_crash(TIME),
        "deaf" => blocks_signals(),
        "everything" => everything(&sentry),
        "variety" => variety(),
        "rest" => standby::rests_and_works(),
        "spans" => standby::works_for_spans(&sentry),
        "restricted" => {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            assert!(
                status.contains("CapEff:\t0000000000000000") && status.contains("Seccomp:\t2"),
                "{status}"
            );
            is_blocked(&sentry);
        }
        how => has_threads(how.parse().unwrap()),
    }
    let is_delivered = sentry.finish_within(LONG);
    assert!(is_delivered || how.parse::<usize>().is_ok());
    if how == "variety" {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
        writeln!(std::io::stdout(), "\n{}", peak.unwrap()).unwrap();
    }
}

pub(crate) fn burn(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(());
    }
}

/// Ten thousand threads, a thousand a second where the machine can.
fn threads_come_and_go() {
    const THREADS: usize = 10_000;
    let (began, ended) = (Instant::now(), AtomicUsize::new(0));
    let work = || {
        burn(Duration::from_micros(50));
        ended.fetch_add(1, Relaxed);
    };
    let mut threads = 0;
    while threads < THREADS {
        let due = began.elapsed().as_millis() as usize;
        let batch = due.saturating_sub(threads).min(20).min(THREADS - threads);
        thread::scope(|scope| (0..batch).for_each(|_| drop(scope.spawn(work))));
        threads += batch;
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(ended.load(Relaxed), threads);
}

/// That many threads, each of which does a little time and again, until standard input ends.
fn has_threads(count: usize) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..count {
            let thread = thread::Builder::new().name(format!("turn-{number}"));
            thread
                .spawn_scoped(scope, || {
                    while !is_over.load(Relaxed) {
                        takes_its_turn()
                    }
                })
                .unwrap();
        }
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        is_over.store(true, Relaxed);
    });
}

#[inline(never)]
fn takes_its_turn() {
    burn(Duration::from_micros(100));
    thread::sleep(Duration::from_millis(100));
}

/// Each thread computes for so long that it counts as one that ran, and waits.
fn waits_in_calls() {
    let began = Instant::now();
    let calls = |mut call: Box<dyn FnMut() -> bool + Send>| {
        thread::spawn(move || {
            let (mut calls, mut interrupted) = (0, 0);
            while began.elapsed() < TIME {
                burn(Duration::from_micros(100));
                calls += 1;
                interrupted += usize::from(call());
            }
            (calls, interrupted)
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut silent = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    silent.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    let idle = silent.try_clone().unwrap();
    let polls = move || {
        let mut descriptor = libc::pollfd { fd: idle.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the descriptor is open, and its place there, until the call returns.
        let ready = unsafe { libc::poll(&raw mut descriptor, 1, 30) };
        ready < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR)
    };
    let receives = move || silent.read(&mut [0; 8]).is_err_and(|it| it.raw_os_error() == Some(libc::EINTR));
    let sleeps = || {
        let slept = Instant::now();
        thread::sleep(Duration::from_millis(30));
        slept.elapsed() < Duration::from_millis(30)
    };
    let threads = [calls(Box::new(polls)), calls(Box::new(receives)), calls(Box::new(sleeps))];
    for (thread, name) in threads.into_iter().zip(["poll", "recv", "sleep"]) {
        let (calls, interrupted) = thread.join().unwrap();
        // A thread may begin to wait between the look at it and the signal.
        assert!(calls > 2 && interrupted * 10 <= calls, "{name}: {interrupted} of {calls}");
    }
}

/// A thread that takes no signal for longer than the sampler waits for an answer, and then takes them again.
fn blocks_signals() {
    let deaf = thread::spawn(|| {
        SigSet::all().thread_block().unwrap();
        burn(TIME);
        SigSet::all().thread_unblock().unwrap();
        takes_signals_again();
    });
    deaf.join().unwrap();
}

#[inline(never)]
fn takes_signals_again() {
    burn(TIME);
    std::hint::black_box(());
}

#[inline(never)]
fn blocks_its_worker() {
    // What a thread waits for a core is no stall.
    let used = used();
    burn(TIME);
    while used() < TIME / 3 {
        std::hint::black_box(());
    }
    std::hint::black_box(());
}

/// How much CPU time the calling thread has used since.
pub(crate) fn used() -> impl Fn() -> Duration {
    let used = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let before = used();
    move || used() - before
}

fn is_blocked(sentry: &Guard) {
    let watchdog = Watchdog::start(Duration::from_millis(200), sentry.hub());
    let worker = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            watchdog.watch_this_worker();
            tokio::task::yield_now().await;
            blocks_its_worker();
            tokio::time::sleep(Duration::from_millis(500)).await;
        });
    });
    worker.join().unwrap();
}

fn its_children_crash(time: Duration) {
    let own = ARGUMENTS.iter().map(|argument| (*argument).into());
    let child = CrashChild::program("/proc/self/exe", own);
    let busy = thread::spawn(move || burn(time));
    actix_web::rt::System::new().block_on(async {
        while !busy.is_finished() {
            // The harness of tests has written to the pipe before: what crashed is known, but not where.
            let crashed = child.crash().await;
            assert!(matches!(crashed, Ok(_) | Err(CrashChildFailed::Silent { signal: libc::SIGSEGV })));
        }
    });
    busy.join().unwrap();
}

/// Panics, a leak, a stall, children that crash, and threads that come and go.
fn everything(sentry: &Guard) {
    let is_over = AtomicBool::new(false);
    let mut held = Vec::new();
    thread::scope(|scope| {
        let panics = (0..4).map(|_| {
            scope.spawn(|| {
                for number in 0..PANICS / 4 {
                    assert!(std::panic::catch_unwind(|| panic!("the {number}th of many")).is_err());
                }
            })
        });
        let mut threads: Vec<_> = panics.collect();
        threads.push(scope.spawn(|| is_blocked(sentry)));
        threads.push(scope.spawn(|| its_children_crash(TIME)));
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                thread::scope(|scope| drop(scope.spawn(|| burn(Duration::from_micros(50)))));
            }
        });
        while threads.iter().any(|thread| !thread.is_finished()) {
            held.push(vec![1_u8; 100_000]);
            thread::sleep(Duration::from_millis(10));
        }
        is_over.store(true, Relaxed);
    });
    assert!(held.iter().all(|block| block[7] == 1));
}

/// Work with many different stacks, in this program and in libraries.
fn variety() {
    let began = Instant::now();
    thread::scope(|scope| {
        for seed in 0..4_u64 {
            scope.spawn(move || {
                for round in 0.. {
                    let value: HashMap<String, Vec<f64>> =
                        (0..20).map(|key| (format!("{key}"), vec![(seed * round + key) as f64; 9])).collect();
                    let text = serde_json::to_string_pretty(&value).unwrap();
                    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert!(read.is_object() && text.lines().map(str::to_uppercase).count() > 20);
                    if began.elapsed() >= TIME {
                        return;
                    }
                }
            });
        }
    });
}

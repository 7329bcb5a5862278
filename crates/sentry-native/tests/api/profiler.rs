//! Processes that are profiled while something goes on that a sampler could be in the way of. The process is this test
//! program, started once more.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use inbox::Inbox;
use sentry_context::client::{self, Config, Delivery, Guard};
use sentry_context::profile::{self, Lifecycle, Profiling};
use sentry_native::native_crash::{self, CrashChild, CrashChildFailed};
use sentry_native::stall::Watchdog;

use crate::last_run::{DSN, HOW, config};

const ARGUMENTS: [&str; 4] = ["--exact", "profiler::is_profiled", "--ignored", "--nocapture"];

/// How long each of them is profiled.
const TIME: Duration = Duration::from_secs(3);

#[test]
#[ignore = "the tests below run it in a process of its own"]
fn is_profiled() {
    if native_crash::is_crash_child() {
        // SAFETY: none; that is what it is for.
        native_crash::crash(|| unsafe { std::ptr::null_mut::<u8>().write_volatile(1) });
    }
    let always = Profiling { session_sample_rate: 1.0, lifecycle: Lifecycle::Manual };
    let dsn = std::env::var(DSN).unwrap();
    let sentry = client::init(Config { profiling: always, ..config(&dsn, Delivery::default()) });
    assert!(profile::profiler_id().is_some());
    match std::env::var(HOW).unwrap().as_str() {
        "churn" => threads_come_and_go(),
        "calls" => waits_in_calls(),
        "stall" => is_blocked(&sentry),
        "crash" => its_children_crash(),
        how => panic!("{how}"),
    }
    assert!(sentry.finish());
}

fn burn(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(());
    }
}

/// A thousand threads a second, where the machine can.
fn threads_come_and_go() {
    let (began, ended) = (Instant::now(), AtomicUsize::new(0));
    let work = || {
        burn(Duration::from_micros(50));
        ended.fetch_add(1, Relaxed);
    };
    let mut threads = 0;
    while began.elapsed() < TIME {
        let due = began.elapsed().as_millis() as usize;
        let batch = due.saturating_sub(threads).min(20);
        thread::scope(|scope| (0..batch).for_each(|_| drop(scope.spawn(work))));
        threads += batch;
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(ended.load(Relaxed), threads);
    assert!(threads > 100, "{threads}");
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

#[inline(never)]
fn blocks_its_worker() {
    burn(TIME);
    std::hint::black_box(());
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

fn its_children_crash() {
    let own = ARGUMENTS.iter().map(|argument| (*argument).into());
    let child = CrashChild::program("/proc/self/exe", own);
    let busy = thread::spawn(|| burn(TIME));
    actix_web::rt::System::new().block_on(async {
        while !busy.is_finished() {
            // The harness of tests has written to the pipe before: what crashed is known, but not where.
            let crashed = child.crash().await;
            assert!(matches!(crashed, Ok(_) | Err(CrashChildFailed::Silent { signal: libc::SIGSEGV })));
        }
    });
    busy.join().unwrap();
}

/// This program once more; killed where a test ends before it does.
struct Profiled(Child);

impl Profiled {
    fn start(how: &str, inbox: &Inbox) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(ARGUMENTS)
            .env(HOW, how)
            .env(DSN, inbox.dsn())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn signal(&self, signal: i32) {
        // SAFETY: sends a signal to a child that nobody has waited for.
        assert_eq!(unsafe { libc::kill(self.0.id().cast_signed(), signal) }, 0);
    }

    fn is_stopped(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        status.lines().any(|line| line.starts_with("State:") && line.contains('T'))
    }

    /// Waits for its end, off the thread that serves its inbox.
    async fn ends_well(mut self) {
        let ended = tokio::task::spawn_blocking(move || self.0.wait());
        let status = ended.await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Profiled {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn started(how: &str) -> (Inbox, Profiled) {
    let inbox = Inbox::start().await.unwrap();
    let profiled = Profiled::start(how, &inbox);
    (inbox, profiled)
}

#[actix_web::test]
async fn a_thousand_threads_a_second_begin_and_end_without_a_fault() {
    let (_inbox, profiled) = started("churn").await;
    profiled.ends_well().await;
}

#[actix_web::test]
async fn children_that_crash_leave_the_process_that_is_profiled_alone() {
    let (_inbox, profiled) = started("crash").await;
    profiled.ends_well().await;
}

#[actix_web::test]
async fn a_call_that_waits_is_not_interrupted() {
    let (_inbox, profiled) = started("calls").await;
    profiled.ends_well().await;
}

#[actix_web::test]
async fn a_process_that_is_stopped_again_and_again_goes_on() {
    let (_inbox, profiled) = started("churn").await;
    for _ in 0..5 {
        profiled.signal(libc::SIGSTOP);
        fixtures::wait::until("it is stopped", async || profiled.is_stopped()).await;
        profiled.signal(libc::SIGCONT);
        fixtures::wait::until("it goes on", async || !profiled.is_stopped()).await;
    }
    profiled.ends_well().await;
}

#[actix_web::test]
async fn the_watchdog_finds_a_worker_blocked_that_is_sampled_at_the_same_time() {
    let (inbox, profiled) = started("stall").await;
    profiled.ends_well().await;
    let events = inbox.events();
    let found = events.iter().find(|it| it["exception"]["values"][0]["type"] == "EventLoopBlocked");
    let frames = found.unwrap()["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
    let is_it = |frame: &serde_json::Value| {
        frame["function"].as_str().is_some_and(|name| name.ends_with("::blocks_its_worker"))
    };
    assert!(frames.iter().any(is_it), "{frames:?}");
}

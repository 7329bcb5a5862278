//! Processes that are profiled while something goes on that a sampler could be in the way of. The process is this test
//! program, started once more.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use fixtures::profile;
use inbox::Inbox;
use serde_json::Value;

use crate::last_run::{DSN, HOW};
use crate::profiled::{ARGUMENTS, PANICS, RATE};
use crate::restricted;

/// This program once more; killed where a test ends before it does.
pub(crate) struct Profiled(Child);

impl Profiled {
    fn command(how: &str, inbox: &Inbox) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(ARGUMENTS).env(HOW, how).env(DSN, inbox.dsn());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command
    }

    fn signal(&self, signal: i32) {
        // SAFETY: sends a signal to a child that nobody has waited for.
        assert_eq!(unsafe { libc::kill(self.0.id().cast_signed(), signal) }, 0);
    }

    fn is_stopped(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        status.lines().any(|line| line.starts_with("State:") && line.contains('T'))
    }

    /// Waits until that holds for the chunks that have arrived of it, and then for its end.
    async fn goes_on_until(mut self, what: &str, inbox: &Inbox, holds: impl Fn(&Inbox) -> bool) {
        let seen = Cell::new(0);
        let looks = async || {
            let arrived = inbox.stats().items.get("profile_chunk").copied().unwrap_or_default();
            seen.replace(arrived) != arrived && holds(inbox)
        };
        fixtures::wait::until(what, looks).await;
        drop(self.0.stdin.take());
        self.ends_well().await;
    }

    /// Waits for its end, off the thread that serves its inbox.
    pub(crate) async fn ends_well(mut self) {
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

pub(crate) async fn started(how: &str) -> (Inbox, Profiled) {
    let inbox = profile::inbox().await;
    let profiled = Profiled::command(how, &inbox).spawn().unwrap();
    (inbox, Profiled(profiled))
}

/// The names of the threads that were sampled, by their numbers.
fn threads(inbox: &Inbox) -> BTreeMap<String, String> {
    let chunks = profile::chunks(inbox);
    let names = chunks.iter().filter_map(|chunk| chunk.payload["profile"]["thread_metadata"].as_object());
    let name = |(id, data): (&String, &Value)| (id.clone(), data["name"].as_str().unwrap().to_owned());
    names.flatten().map(name).collect()
}

/// The names of those that take turns.
fn turns(inbox: &Inbox) -> Vec<String> {
    threads(inbox).into_values().filter(|name| name.starts_with("turn-")).collect()
}

/// How many samples have that function.
pub(crate) fn samples_of(inbox: &Inbox, function: &str) -> usize {
    let chunks = profile::chunks(inbox);
    let samples = chunks.iter().flat_map(|chunk| chunk.samples().iter().map(|it| chunk.functions(it)));
    samples.filter(|functions| functions.iter().any(|it| it.ends_with(function))).count()
}

fn exceptions(inbox: &Inbox, ty: &str) -> Vec<Value> {
    let exceptions = inbox.events().into_iter().map(|event| event["exception"]["values"][0].clone());
    exceptions.filter(|exception| exception["type"] == ty).collect()
}

/// Samples are in time, each of them.
pub(crate) fn assert_valid(inbox: &Inbox) {
    let chunks = profile::chunks(inbox);
    assert!(!chunks.is_empty());
    chunks.iter().for_each(|chunk| chunk.assert_valid("shop@test"));
}

#[actix_web::test]
async fn ten_thousand_threads_begin_and_end_without_a_fault() {
    let (inbox, profiled) = started("churn").await;
    profiled.ends_well().await;
    assert_valid(&inbox);
}

#[actix_web::test]
async fn each_of_two_hundred_threads_is_sampled() {
    let (inbox, profiled) = started("200").await;
    let all = |inbox: &Inbox| turns(inbox).into_iter().collect::<BTreeSet<_>>().len() == 200;
    profiled.goes_on_until("samples of each", &inbox, all).await;
    assert_valid(&inbox);
    assert!(samples_of(&inbox, "::takes_its_turn") > 1_000);
}

#[actix_web::test]
async fn no_more_threads_are_sampled_than_their_bound() {
    let (inbox, profiled) = started("300").await;
    // This one and the sampler's are among them. At the end of some, others take their places.
    let sampled = Cell::new(0);
    let most = |inbox: &Inbox| {
        sampled.set(turns(inbox).len());
        sampled.get() > 240
    };
    profiled.goes_on_until("samples of most", &inbox, most).await;
    assert_valid(&inbox);
    assert!(sampled.get() < 256, "{}", sampled.get());
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
    let (inbox, profiled) = started("churn").await;
    for _ in 0..5 {
        profiled.signal(libc::SIGSTOP);
        fixtures::wait::until("it is stopped", async || profiled.is_stopped()).await;
        profiled.signal(libc::SIGCONT);
        fixtures::wait::until("it goes on", async || !profiled.is_stopped()).await;
    }
    profiled.ends_well().await;
    assert_valid(&inbox);
}

#[actix_web::test]
async fn a_thread_that_blocks_signals_is_idle_until_it_takes_them_again() {
    let (inbox, profiled) = started("deaf").await;
    profiled.ends_well().await;
    assert_valid(&inbox);
    assert!(samples_of(&inbox, "::takes_signals_again") > 50);
}

#[actix_web::test]
async fn the_watchdog_finds_a_worker_blocked_that_is_sampled_at_the_same_time() {
    let (inbox, profiled) = started("stall").await;
    profiled.ends_well().await;
    let found = exceptions(&inbox, "EventLoopBlocked");
    let frames = found[0]["stacktrace"]["frames"].as_array().unwrap();
    let is_it =
        |frame: &Value| frame["function"].as_str().is_some_and(|name| name.ends_with("::blocks_its_worker"));
    assert!(frames.iter().any(is_it), "{frames:?}");
}

#[actix_web::test]
async fn nothing_is_lost_of_panics_a_stall_and_crashes_at_once_while_they_are_sampled() {
    let (inbox, profiled) = started("everything").await;
    profiled.ends_well().await;
    // A busy machine may take so long for an answer that an event is sent again.
    let panics =
        inbox.events().into_iter().filter(|event| event["exception"]["values"][0]["type"] == "Panic");
    let panics: BTreeSet<_> = panics.map(|event| event["event_id"].to_string()).collect();
    assert_eq!(panics.len(), PANICS);
    assert!(!exceptions(&inbox, "EventLoopBlocked").is_empty());
    assert_valid(&inbox);
    assert!(samples_of(&inbox, "::blocks_its_worker") > 50);
    let discarded = inbox.stats().discarded;
    assert!(discarded.is_empty(), "{discarded:?}");
}

#[actix_web::test]
async fn a_process_without_capabilities_and_under_a_seccomp_profile_is_sampled() {
    let inbox = profile::inbox().await;
    let mut command = Profiled::command("restricted", &inbox);
    // SAFETY: it makes system calls only.
    unsafe { command.pre_exec(restricted::enter) };
    Profiled(command.spawn().unwrap()).ends_well().await;
    assert_valid(&inbox);
    assert!(samples_of(&inbox, "::blocks_its_worker") > 50);
}

/// The most memory that such a process had, MiB.
async fn peak(rate: &str) -> f64 {
    let inbox = profile::inbox().await;
    let mut command = Profiled::command("variety", &inbox);
    command.env(RATE, rate).stdout(Stdio::piped());
    let output: io::Result<_> = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert_eq!(profile::chunks(&inbox).len(), usize::from(rate != "0"));
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

#[actix_web::test]
async fn a_profile_with_all_its_symbols_takes_little_memory() {
    let (off, on) = (peak("0").await, peak("1").await);
    assert!(on < off + 8.0, "{on} MiB, and {off} without");
}

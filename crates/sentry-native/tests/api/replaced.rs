//! A program whose file is another one by now: it was built, or deployed, once more. The process is this test program,
//! started under another name.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use inbox::Inbox;
use sentry_context::client::{self, Delivery};
use serde_json::Value;

use crate::last_run::{DSN, config};

/// Dropped, it is killed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "the test below runs it in a process of its own"]
fn reports() {
    let sentry = client::init(config(&std::env::var(DSN).unwrap(), Delivery::default()));
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    assert!(thread::spawn(fails).join().is_err());
    assert!(sentry.finish_within(fixtures::wait::LIMIT));
}

#[inline(never)]
fn fails() {
    panic!("in a program whose file is gone");
}

/// The place of a program of this process.
fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

/// The innermost frame of the only event of this program under another name.
async fn reported(name: &str, change: impl FnOnce(&Path) -> io::Result<()>) -> Value {
    let binary = place(name);
    fs::hard_link(std::env::current_exe().unwrap(), &binary).unwrap();
    reported_by(&binary, change).await
}

/// The same of a program, which is gone then.
async fn reported_by(binary: &Path, change: impl FnOnce(&Path) -> io::Result<()>) -> Value {
    let inbox = Inbox::start().await.unwrap();
    let mut command = Command::new(binary);
    command.args(["replaced::reports", "--exact", "--ignored"]).env(DSN, inbox.dsn());
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut running = Running(child.unwrap());
    change(binary).unwrap();
    drop(running.0.stdin.take());
    let ended = tokio::task::spawn_blocking(move || running.0.wait()).await.unwrap();
    let _ = fs::remove_file(binary);
    assert!(ended.unwrap().success(), "{}", binary.display());
    let events = inbox.events();
    assert_eq!(events.len(), 1, "{}: {events:?}", binary.display());
    let frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"].as_array();
    frames.and_then(|frames| frames.last()).cloned().unwrap_or_default()
}

fn replace(binary: &Path) -> io::Result<()> {
    let other = binary.with_extension("other");
    fs::write(&other, "another program")?;
    fs::rename(other, binary)
}

#[actix_web::test]
async fn an_error_has_names_where_a_binary_with_compressed_debug_information_was_replaced_meanwhile() {
    let compressed = place("compressed");
    let own = std::env::current_exe().unwrap();
    let mut objcopy = Command::new("objcopy");
    let copied = objcopy.arg("--compress-debug-sections=zlib").args([&own, &compressed]).status();
    if !copied.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true needs `objcopy`");
        eprintln!("skipped, for want of `objcopy`");
        return;
    }
    let frame = reported_by(&compressed, replace).await;
    assert_eq!(frame["function"], "api::replaced::fails", "{frame}");
    assert_eq!(frame["in_app"], true, "{frame}");
}

#[actix_web::test]
async fn an_error_has_names_and_lines_where_the_binary_was_replaced_or_removed_meanwhile() {
    let replaced = reported("replaced", replace);
    let removed = reported("removed", |binary| fs::remove_file(binary));
    for frame in [replaced.await, removed.await] {
        assert_eq!(frame["function"], "api::replaced::fails", "{frame}");
        assert_eq!(frame["in_app"], true, "{frame}");
        assert!(frame["filename"].as_str().is_some_and(|file| file.ends_with("replaced.rs")), "{frame}");
        assert!(frame["context_line"].as_str().is_some_and(|line| line.contains("panic!(")), "{frame}");
    }
}

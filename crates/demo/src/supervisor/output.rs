//! The children's log lines on the terminal. A reader that sleeps must not hold the children up: they are written by a
//! thread of their own, and what it cannot take is dropped and counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::terminal;

/// Most lines that wait for the terminal.
const WAITING: usize = 1_000;

static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Shows a line as soon as the terminal takes it.
pub(super) fn show(line: String) {
    static LINES: OnceLock<SyncSender<String>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let (sender, lines) = sync_channel(WAITING);
        // Without the thread nothing is shown, and every line counts as dropped.
        let _ = thread::Builder::new().name("log-lines".to_owned()).spawn(move || write(&lines));
        sender
    });
    if lines.try_send(line).is_err() {
        DROPPED.fetch_add(1, Relaxed);
    }
}

fn write(lines: &Receiver<String>) {
    for line in lines {
        let dropped = DROPPED.swap(0, Relaxed);
        if dropped > 0 {
            terminal::warn(&format!("{dropped} log lines of the services were dropped"));
        }
        terminal::warn(&line);
    }
}

//! What a child writes: kept for its obituary, and shown where the user asked for logs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;

use super::Launch;
use crate::terminal;

/// Lines kept per child.
const KEPT: usize = 3;

/// How long a dead child's pipes may stay open: a grandchild may hold them.
const DRAIN_LIMIT: Duration = Duration::from_millis(300);

type Lines = Arc<Mutex<VecDeque<String>>>;

/// Reads both pipes to their ends: a full pipe would block the child.
pub(super) struct LastWords {
    lines: Lines,
    readers: JoinSet<()>,
}

impl LastWords {
    pub(super) fn listen(child: &mut Child, launch: &Launch) -> Self {
        let lines = Lines::default();
        let mut readers = JoinSet::new();
        let shown_as = launch.show_log.then_some(launch.service.name);
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(read(stdout, Arc::clone(&lines), shown_as));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(read(stderr, Arc::clone(&lines), shown_as));
        }
        Self { lines, readers }
    }

    /// The last lines of a child that has ended.
    pub(super) async fn all(&mut self) -> Vec<String> {
        let drained = async { while self.readers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN_LIMIT, drained).await;
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

async fn read(pipe: impl AsyncRead + Unpin, lines: Lines, shown_as: Option<&'static str>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = pipe.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if let Some(name) = shown_as {
            terminal::warn(&format!("{name} | {text}"));
        }
        let mut kept = lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(text);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

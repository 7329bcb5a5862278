//! What a child writes: kept to explain its end, and shown if the user asked for logs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;

use super::{Launch, output};

/// Lines kept per child.
const KEPT: usize = 3;

/// How long a dead child's pipes may stay open: a grandchild may hold them.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// Longest line that is kept or shown, bytes; the rest of it is read and forgotten.
const LINE_LIMIT: usize = 4 * 1024;

type Lines = Arc<Mutex<VecDeque<String>>>;

/// Reads both pipes to their ends: a full pipe would block the child.
pub(super) struct OutputTail {
    lines: Lines,
    readers: JoinSet<()>,
}

impl OutputTail {
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
    while let Some(text) = line(&mut pipe).await {
        if let Some(name) = shown_as {
            output::show(format!("{name} | {text}"));
        }
        let mut kept = lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(text);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

/// The next line, as much of it as is kept; `None` at the end.
async fn line(pipe: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let (mut line, mut cut, mut any) = (Vec::new(), false, false);
    while let Some(piece) = pipe.fill_buf().await.ok().filter(|piece| !piece.is_empty()) {
        any = true;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (content, read) = end.map_or((piece, piece.len()), |end| (&piece[..end], end + 1));
        let room = LINE_LIMIT - line.len();
        line.extend_from_slice(&content[..content.len().min(room)]);
        cut |= content.len() > room;
        pipe.consume(read);
        if end.is_some() {
            break;
        }
    }
    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
    any.then(|| if cut { text + "…" } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_to_their_ends_and_kept_as_far_as_there_is_room() {
        let written = format!("short\r\n\n{}\nlast", "x".repeat(LINE_LIMIT + 10_000));
        let mut pipe = BufReader::new(written.as_bytes());
        assert_eq!(line(&mut pipe).await.as_deref(), Some("short"));
        assert_eq!(line(&mut pipe).await.as_deref(), Some(""));
        assert_eq!(line(&mut pipe).await, Some("x".repeat(LINE_LIMIT) + "…"));
        assert_eq!(line(&mut pipe).await.as_deref(), Some("last"));
        assert_eq!(line(&mut pipe).await, None);
    }
}

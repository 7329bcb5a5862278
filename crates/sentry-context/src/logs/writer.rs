//! A thread of its own writes log lines: whoever logs never waits for the reader.
//!
//! A terminal that is paused, or a program that has stopped reading the other end of a pipe, makes a write wait for as
//! long as it likes. Lines wait in a queue with a bound; what does not fit is dropped and counted, and the count is
//! logged once there is a reader again.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that wait.
const MAX_BYTES: usize = 1024 * 1024;

/// The longest line; longer ones are cut.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Lines between those that log and the one that writes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the thread that writes.
    arrived: Condvar,
    /// Wakes whoever waits until all is written.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    dropped: u64,
    is_writing: bool,
}

impl Queue {
    /// A queue whose lines are written there.
    pub(super) fn start(mut sink: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self::default());
        let lines = Arc::clone(&queue);
        let write = move || {
            loop {
                // A reader that is gone is as good as one that sleeps: there is nobody to write to.
                let is_read = sink.write_all(&lines.next()).and_then(|()| sink.flush()).is_ok();
                lines.say_what_was_dropped(is_read);
            }
        };
        thread::Builder::new().name("log-writer".to_owned()).spawn(write)?;
        Ok(queue)
    }

    /// Waits until all lines are written; false if that takes too long.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        while !state.lines.is_empty() || state.is_writing {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            state = self.written.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn push(&self, line: &[u8]) {
        let line = cut(line);
        let mut state = self.lock();
        if state.bytes + line.len() > MAX_BYTES {
            state.dropped += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line);
        drop(state);
        self.arrived.notify_one();
    }

    /// Waits for the next line.
    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.is_writing = false;
        self.written.notify_all();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.len();
                state.is_writing = true;
                return line;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn say_what_was_dropped(&self, is_read: bool) {
        let mut state = self.lock();
        if !is_read {
            state.dropped += 1;
        } else if state.dropped > 0 {
            let dropped = std::mem::take(&mut state.dropped);
            drop(state);
            // A line like all others, in the form that was asked for.
            tracing::warn!(dropped, "log lines were dropped, since nobody read them");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut(line: &[u8]) -> Vec<u8> {
    if line.len() <= MAX_LINE_BYTES {
        return line.to_vec();
    }
    let mut text = String::from_utf8_lossy(&line[..MAX_LINE_BYTES]).into_owned();
    text.push_str("…\n");
    text.into_bytes()
}

/// Where a layer writes its lines, one with each call.
pub(super) struct Terminal(pub(super) Arc<Queue>);

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Terminal {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A sink that takes a line whenever the test reads one.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (Arc<Queue>, Receiver<Vec<u8>>) {
        let (writes, reads) = sync_channel(0);
        (Queue::start(Pipe(writes)).unwrap(), reads)
    }

    #[test]
    fn a_reader_that_sleeps_holds_nobody_up_and_finds_a_bounded_number_of_lines() {
        let (queue, reads) = pipe();
        let line = [b'x'; 1023];
        for _ in 0..10_000 {
            queue.push(&line);
        }
        assert!(!queue.flush(Duration::from_millis(10)), "nobody reads");
        let held = {
            let state = queue.lock();
            assert!(state.bytes <= MAX_BYTES);
            let held = state.lines.len() + usize::from(state.is_writing);
            assert_eq!(held as u64 + state.dropped, 10_000);
            held
        };
        let reader = thread::spawn(move || reads.iter().take(held).count());
        assert_eq!(reader.join().unwrap(), held);
    }

    #[test]
    fn lines_come_in_order_and_a_flush_waits_for_all_of_them() {
        let (queue, reads) = pipe();
        let reader = thread::spawn(move || reads.iter().take(100).collect::<Vec<_>>().concat());
        for number in 0..100 {
            queue.push(format!("line {number}\n").as_bytes());
        }
        assert!(queue.flush(Duration::from_secs(30)));
        let all = String::from_utf8(reader.join().unwrap()).unwrap();
        let wanted: String = (0..100).map(|number| format!("line {number}\n")).collect();
        assert_eq!(all, wanted);
    }

    #[test]
    fn a_line_is_cut_at_its_bound_and_stays_text() {
        let long = cut("é".repeat(MAX_LINE_BYTES).as_bytes());
        assert!(long.len() < MAX_LINE_BYTES + 10 && long.ends_with("…\n".as_bytes()));
        assert!(String::from_utf8(long).is_ok());
    }
}

//! One connection: what is expected from its client, and since when.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use crate::Limits;

/// The body of the answer to a first head that does not come. Later heads get none: part of the answer before may still
/// be on its way.
const LATE: &str = r#"{"error":"the request did not arrive in time","type":"RequestTimeout"}"#;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The client's, to send its first head.
    FirstHead,
    /// The client's, to send another request or none.
    Idle,
    /// The client's, to send the body.
    Body,
    /// The server's.
    Work,
    /// The client's, to take the answer.
    Answer,
    /// Nobody's: the client's rest is not wanted.
    Closing,
}

/// A connection, as its worker watches it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// A duplicate: the only way to end a connection from outside of actix-web. `None` if no file was left for it.
    socket: Option<TcpStream>,
    limits: Limits,
    phase: Cell<Phase>,
    /// When the phase began.
    since: Cell<Instant>,
    /// When the last piece of the body came.
    progress: Cell<Instant>,
    /// Whether the body is late.
    late: Cell<bool>,
    /// Whether the rest of a body is left unread: then nothing more can be read from this connection.
    unread: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Connection {
    pub(crate) fn new(socket: Option<TcpStream>, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            socket,
            limits,
            phase: Cell::new(Phase::FirstHead),
            since: Cell::new(now),
            progress: Cell::new(now),
            late: Cell::new(false),
            unread: Cell::new(false),
            reader: RefCell::new(None),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn enter(&self, phase: Phase) {
        // What is being closed stays so, whatever else the client sends.
        if self.phase.get() == Phase::Closing {
            return;
        }
        let now = Instant::now();
        self.phase.set(phase);
        self.since.set(now);
        self.progress.set(now);
        self.late.set(false);
    }

    /// Nobody wants the rest of the body.
    pub(crate) fn leave_unread(&self) {
        self.unread.set(true);
    }

    pub(crate) fn is_left_unread(&self) -> bool {
        self.unread.get()
    }

    /// A piece of the body came.
    pub(crate) fn progressed(&self) {
        self.progress.set(Instant::now());
    }

    /// Whether the body is late; if not, its reader is woken once it is.
    pub(crate) fn is_late(&self, reader: &Context<'_>) -> bool {
        if !self.late.get() {
            *self.reader.borrow_mut() = Some(reader.waker().clone());
        }
        self.late.get()
    }

    /// Leaves that time out of what the client has taken.
    pub(crate) fn excuse(&self, time: Duration, now: Instant) {
        for began in [&self.since, &self.progress] {
            began.set((began.get() + time).min(now));
        }
    }

    /// Ends what has taken too long.
    pub(crate) fn enforce(&self, now: Instant, crowded: bool) {
        let limit = |limit: Duration| if crowded { limit.min(Limits::CROWDED) } else { limit };
        let beyond = |since: &Cell<Instant>, most: Duration| now.duration_since(since.get()) >= limit(most);
        match self.phase.get() {
            Phase::Work => {}
            Phase::FirstHead if beyond(&self.since, self.limits.head) => self.refuse(),
            // actix-web closes idle connections itself; what is still here then has sent a part of a head.
            Phase::Idle if beyond(&self.since, self.limits.idle + self.limits.head) => self.close(),
            Phase::Body
                if beyond(&self.since, self.limits.body) || beyond(&self.progress, self.limits.stall) =>
            {
                self.late.set(true);
                if let Some(reader) = self.reader.take() {
                    reader.wake();
                }
            }
            Phase::Answer if beyond(&self.since, self.limits.answer) => self.close(),
            Phase::Closing if crowded || beyond(&self.since, Limits::CROWDED) => self.close(),
            _ => {}
        }
    }

    fn refuse(&self) {
        if let Some(mut socket) = self.socket.as_ref() {
            // Nothing was written before: it fits, or the client is gone.
            let length = LATE.len();
            let _ = write!(
                socket,
                "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {length}\r\n\r\n{LATE}"
            );
        }
        self.close();
    }

    fn close(&self) {
        if let Some(socket) = &self.socket {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

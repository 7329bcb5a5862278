//! Whether a server is there, known without asking it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;

/// Looks of the driver in a row that failed, after which no server is there. The first may have found that the
/// connection that it looks over was cut; the next makes a new one.
const FAILED_LOOKS: u32 = 2;

/// How the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing is known yet.
    Connecting,
    /// A server answers.
    Up,
    /// None does, or none is configured.
    Down,
}

impl State {
    const ALL: [Self; 3] = [Self::Connecting, Self::Up, Self::Down];

    /// `connecting`, `up` or `down`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// The latest finding, whoever made it.
#[derive(Debug, Clone)]
pub(super) struct Watched(Arc<AtomicU8>);

impl Watched {
    pub(super) fn new(state: State) -> Self {
        Self(Arc::new(AtomicU8::new(state as u8)))
    }

    pub(super) fn get(&self) -> State {
        State::ALL[usize::from(self.0.load(Relaxed)) % State::ALL.len()]
    }

    pub(super) fn set(&self, state: State) {
        self.0.store(state as u8, Relaxed);
    }

    /// The driver watches its servers anyway: its findings answer `/ready` without a wait. That an operation lost its
    /// connection is none of them: the driver then forgets the server until its next look.
    pub(super) fn handler(&self) -> EventHandler<SdamEvent> {
        let (watched, looks) = (self.clone(), Looks::default());
        EventHandler::callback(move |event| match event {
            SdamEvent::TopologyDescriptionChanged(change) => {
                let readable = change.new_description.has_readable_server(None);
                looks.readable.store(readable, Relaxed);
                if readable {
                    watched.set(State::Up);
                }
            }
            // A frozen server that goes on changes nothing in the topology.
            SdamEvent::ServerHeartbeatSucceeded(_) => {
                looks.failed.store(0, Relaxed);
                watched.set(State::Up);
            }
            SdamEvent::ServerHeartbeatFailed(_) => {
                let failed = looks.failed.fetch_add(1, Relaxed) + 1;
                // Of several servers, others may be there.
                let gone = failed >= FAILED_LOOKS && !looks.readable.load(Relaxed);
                if gone || watched.get() == State::Connecting {
                    watched.set(State::Down);
                }
            }
            _ => {}
        })
    }
}

/// The driver's latest looks for its servers.
#[derive(Default)]
struct Looks {
    /// How many failed in a row.
    failed: AtomicU32,
    /// Is there a server that can be read?
    readable: AtomicBool,
}

//! Whether a server answers, known without a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;

/// How many heartbeats in a row may fail until the server counts as down. The first failure may only show that the
/// heartbeat's connection was cut; the next heartbeat opens a new one.
const FAILED_HEARTBEATS: u32 = 2;

/// The state of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing is known yet.
    Connecting,
    /// A server answers.
    Up,
    /// No server answers, or none is configured.
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

/// The latest state, from the driver's heartbeats or from a command.
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

    /// The driver's heartbeats answer `/ready` without a wait. A lost connection alone does not count: the driver then
    /// forgets the server until its next heartbeat.
    pub(super) fn handler(&self) -> EventHandler<SdamEvent> {
        let (watched, heartbeats) = (self.clone(), Heartbeats::default());
        EventHandler::callback(move |event| match event {
            SdamEvent::TopologyDescriptionChanged(change) => {
                let readable = change.new_description.has_readable_server(None);
                heartbeats.readable.store(readable, Relaxed);
                if readable {
                    watched.set(State::Up);
                }
            }
            // A server that thaws changes nothing in the topology.
            SdamEvent::ServerHeartbeatSucceeded(_) => {
                heartbeats.failed.store(0, Relaxed);
                watched.set(State::Up);
            }
            SdamEvent::ServerHeartbeatFailed(_) => {
                let failed = heartbeats.failed.fetch_add(1, Relaxed) + 1;
                // Other servers of the deployment may still answer.
                let gone = failed >= FAILED_HEARTBEATS && !heartbeats.readable.load(Relaxed);
                if gone || watched.get() == State::Connecting {
                    watched.set(State::Down);
                }
            }
            _ => {}
        })
    }
}

/// The driver's latest heartbeats.
#[derive(Default)]
struct Heartbeats {
    /// How many failed in a row.
    failed: AtomicU32,
    /// Can any server be read from?
    readable: AtomicBool,
}

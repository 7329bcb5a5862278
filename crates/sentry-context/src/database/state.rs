//! Whether a server is there, known without asking it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
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

    /// The driver watches its servers anyway: its findings answer `/ready` without a wait.
    pub(super) fn handler(&self) -> EventHandler<SdamEvent> {
        let watched = self.clone();
        EventHandler::callback(move |event| match event {
            SdamEvent::TopologyDescriptionChanged(change) => {
                let readable = change.new_description.has_readable_server(None);
                let failed = change.new_description.servers().values().any(|server| server.error().is_some());
                match (readable, failed) {
                    (true, _) => watched.set(State::Up),
                    (false, true) => watched.set(State::Down),
                    // A server that was not looked at yet.
                    (false, false) => {}
                }
            }
            // A frozen server that goes on changes nothing in the topology.
            SdamEvent::ServerHeartbeatSucceeded(_) => watched.set(State::Up),
            SdamEvent::ServerHeartbeatFailed(_) if watched.get() == State::Connecting => {
                watched.set(State::Down)
            }
            _ => {}
        })
    }
}

//! A connection that is made again whenever it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::{sleep, timeout};

use crate::{Address, stream};

/// Between two tries, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// For a connection with everything declared: a broker that accepts and says nothing more is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an idle connection is looked at: the client library reports nothing on an idle connection.
const LOOK: Duration = Duration::from_millis(500);

/// How the broker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing is known yet.
    Connecting,
    /// Connected.
    Up,
    /// Not connected, or none is configured.
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

/// The latest finding.
#[derive(Debug, Clone)]
pub(crate) struct Watched(Arc<AtomicU8>);

impl Watched {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(AtomicU8::new(state as u8)))
    }

    pub(crate) fn get(&self) -> State {
        State::ALL[usize::from(self.0.load(Relaxed)) % State::ALL.len()]
    }

    /// Logs what is new.
    fn set(&self, state: State, address: &Address, why: &str) {
        let before = self.0.swap(state as u8, Relaxed);
        let authority = &address.uri.authority;
        let broker = format!("{}:{}", authority.host, authority.port);
        match state {
            _ if before == state as u8 => {}
            State::Up => tracing::info!(broker, "RabbitMQ is connected"),
            _ => tracing::warn!(broker, why, "RabbitMQ is not connected"),
        }
    }
}

/// Does the work on a channel with everything declared, over and over: it ends only because its connection did.
pub(crate) async fn keep(
    address: Address,
    state: Watched,
    mut work: impl AsyncFnMut(&Channel) -> lapin::Result<()>,
) {
    let mut pause = PAUSES.0;
    loop {
        let why = match timeout(PATIENCE, connect(&address)).await {
            Ok(Ok((connection, channel))) => {
                state.set(State::Up, &address, "");
                pause = PAUSES.0;
                let ended = tokio::select! {
                    ended = work(&channel) => ended,
                    () = lost(&connection, &channel) => Ok(()),
                };
                // Whatever it was, a new connection knows nothing of it. A broker that is gone does not answer.
                let _ = timeout(LOOK, connection.close(200, "starting over".into())).await;
                ended.err().map_or_else(|| "the connection was lost".to_owned(), |error| error.to_string())
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        state.set(State::Down, &address, &why);
        // Services that lost the broker together shall not come back together.
        sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn connect(address: &Address) -> lapin::Result<(Connection, Channel)> {
    let properties = ConnectionProperties::default().with_connection_name(address.service.into());
    let connection = stream::connect(address, properties).await?;
    let channel = connection.create_channel().await?;
    address.topology.declare(&channel).await?;
    Ok((connection, channel))
}

async fn lost(connection: &Connection, channel: &Channel) {
    while connection.status().connected() && channel.status().connected() {
        sleep(LOOK).await;
    }
}

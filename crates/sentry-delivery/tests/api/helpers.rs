//! A client whose events go to an inbox, by a line that can be cut.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use inbox::{Answer, Inbox, Options};
use sentry::protocol::{Event, Exception};
use sentry::{Client, ClientOptions, Envelope, Hub, Level, TransactionContext};
use sentry_delivery::{Delivery, HttpTransportFactory, Plain, ProfileChunks};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// The name of the service whose client it is.
pub(crate) const SERVICE: &str = "shop";

/// As a service ends.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A wait for something that never happens fails the test after this time. The sender yields to everything else: on a
/// busy machine, it takes minutes for thousands of envelopes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// A client, and where its events go.
pub(crate) struct App {
    pub(crate) hub: Arc<Hub>,
    pub(crate) inbox: Inbox,
}

pub(crate) async fn app() -> App {
    app_with(Delivery::default(), Answer::default()).await
}

pub(crate) async fn app_with(delivery: Delivery, answer: Answer) -> App {
    let inbox = inbox(answer).await;
    App { hub: hub(&inbox.dsn(), delivery), inbox }
}

/// An inbox that keeps as many transactions as the tests make.
pub(crate) async fn inbox(answer: Answer) -> Inbox {
    Inbox::start_with(Options { answer, ..Options::default() }).await.unwrap()
}

/// A client that samples every transaction; one without a DSN has Spotlight only.
pub(crate) fn hub(dsn: &str, delivery: Delivery) -> Arc<Hub> {
    hub_with_profiles(dsn, delivery).0
}

/// The same, and where its profile chunks go in.
pub(crate) fn hub_with_profiles(dsn: &str, delivery: Delivery) -> (Arc<Hub>, ProfileChunks) {
    let dsn = if dsn.is_empty() { delivery.dsn() } else { Some(dsn.parse().unwrap()) };
    let transport = HttpTransportFactory::new(SERVICE, Plain, delivery);
    let profile_chunks = transport.profile_chunks();
    let mut options = ClientOptions::new()
        .release("shop@test")
        .default_integrations(false)
        .traces_sampler(transport.sampler(1.0))
        .transport(transport);
    options.dsn = dsn;
    let hub = Hub::new(Some(Arc::new(Client::with_options(options))), Arc::default());
    (Arc::new(hub), profile_chunks)
}

pub(crate) fn status(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

pub(crate) fn with_header(status: u16, name: &str, value: &str) -> Answer {
    Answer { status, headers: vec![(name.to_owned(), value.to_owned())], ..Answer::default() }
}

/// One error event, with a message of its own.
pub(crate) fn error(hub: &Hub, message: &str) {
    let exception =
        Exception { ty: "Failure".to_owned(), value: Some(message.to_owned()), ..Exception::default() };
    hub.capture_event(Event { level: Level::Error, exception: vec![exception].into(), ..Event::default() });
}

pub(crate) fn errors(hub: &Hub, count: usize) {
    (0..count).for_each(|number| error(hub, &format!("failure {number}")));
}

/// One transaction.
pub(crate) fn transaction(hub: &Arc<Hub>) {
    let transaction = hub.start_transaction(TransactionContext::new("GET /", "http.server"));
    Hub::run(Arc::clone(hub), || transaction.finish());
}

/// Ends the client as a service's shutdown does, in the time that one has.
pub(crate) async fn close_in_time(hub: &Hub) -> bool {
    close_within(hub, SHUTDOWN_TIMEOUT).await
}

/// Ends the client once its receiver has failed an attempt. With a spool, what waits goes to disk at once, so the time is
/// for busy machines only.
pub(crate) async fn close_in_trouble(app: &App) -> bool {
    app.inbox.wait_until("a failed attempt", |inbox| inbox.stats().rejected >= 2).await.unwrap();
    close_within(&app.hub, Duration::from_secs(60)).await
}

/// Ends the client as soon as a receiver that is well has got everything, however busy the machine is.
pub(crate) async fn close(hub: &Hub) -> bool {
    close_within(hub, PATIENCE).await
}

pub(crate) async fn close_within(hub: &Hub, timeout: Duration) -> bool {
    let client = hub.client().unwrap();
    // Brings what the SDK has still to report.
    client.send_envelope(Envelope::new());
    tokio::task::spawn_blocking(move || client.close(Some(timeout))).await.unwrap()
}

impl App {
    /// How much of a category the client reported as discarded, by reason.
    pub(crate) fn discarded(&self, category: &str) -> Vec<(String, u64)> {
        let lines = self.inbox.stats().discarded.into_iter().filter(|line| line.category == category);
        lines.map(|line| (line.reason, line.quantity)).collect()
    }

    pub(crate) fn items(&self, ty: &str) -> u64 {
        self.inbox.stats().items.get(ty).copied().unwrap_or(0)
    }

    /// How many events and transactions there are by their ids. An answer that comes too late on a busy machine makes one
    /// come twice.
    pub(crate) fn distinct(&self) -> (usize, usize) {
        let count = |payloads: Vec<Value>| {
            payloads.iter().map(|it| it["event_id"].to_string()).collect::<HashSet<_>>().len()
        };
        (count(self.inbox.events()), count(self.inbox.transactions()))
    }

    /// Waits until the client has read all answers.
    pub(crate) async fn flush(&self) {
        let client = self.hub.client().unwrap();
        let flushed = tokio::task::spawn_blocking(move || client.flush(Some(PATIENCE)));
        assert!(flushed.await.unwrap());
    }

    pub(crate) async fn wait_for_events(&self, count: u64) {
        let there = |inbox: &Inbox| inbox.stats().items.get("event").copied().unwrap_or(0) >= count;
        self.inbox.wait_until(&format!("{count} events"), there).await.unwrap();
    }
}

/// A line to an inbox. While it is cut, the open connections are dropped, and new ones are closed as soon as they are made,
/// or held without an answer.
pub(crate) struct Line {
    pub(crate) addr: SocketAddr,
    state: Arc<LineState>,
}

#[derive(Default)]
struct LineState {
    is_up: AtomicBool,
    is_holding: AtomicBool,
    refused: AtomicUsize,
}

impl Line {
    pub(crate) async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let state = Arc::<LineState>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                if shared.is_up.load(SeqCst) {
                    tokio::spawn(forward(client, target, Arc::clone(&shared)));
                    continue;
                }
                if shared.is_holding.load(SeqCst) {
                    held.push(client);
                }
                shared.refused.fetch_add(1, SeqCst);
            }
        });
        Ok(Self { addr, state })
    }

    pub(crate) fn dsn(&self) -> String {
        format!("http://inbox@{}/1", self.addr)
    }

    pub(crate) fn mend(&self) {
        self.state.is_up.store(true, SeqCst);
    }

    pub(crate) fn cut(&self) {
        self.state.is_up.store(false, SeqCst);
    }

    /// From now on, new connections are held while the line is cut.
    pub(crate) fn hold(&self) {
        self.state.is_holding.store(true, SeqCst);
    }

    /// How many connections came while it was cut.
    pub(crate) fn refused(&self) -> usize {
        self.state.refused.load(SeqCst)
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, line: Arc<LineState>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let cut = async {
        while line.is_up.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        () = cut => {}
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

/// Text that compresses badly.
pub(crate) fn noise(length: usize, seed: u64) -> String {
    let mut state = seed | 1;
    let mut character = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    // Words, since one of that length would look like a secret.
    (0..length).map(|place| if place % 9 == 8 { ' ' } else { character() }).collect()
}

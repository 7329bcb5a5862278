//! Delivery of envelopes: a bounded queue for each category, several kept-alive connections, no loss without a count.
//!
//! The SDK's own transport queues 30 envelopes and has one in flight; a burst of crashes loses most of itself. Here
//!
//! - errors never wait behind transactions, nor these behind profiles, and a full queue drops only its own kind;
//! - what fails is tried again, with growing waits; in an outage, everything waits for one envelope that tries;
//! - a rate limit stops only its category; what is not worth its wait is dropped;
//! - errors that cannot be delivered in time go to disk, if there is a [spool](Delivery::spool);
//! - made = delivered + discarded, exactly, as client reports say;
//! - under backpressure fewer requests are traced, never fewer errors reported.
//!
//! | module | |
//! |---|---|
//! | `queues`, `category`, `weight` | what waits, how much memory it takes, and who goes first |
//! | `sender`, `encoded`, `wire`, `http`, `shrink` | the threads that make envelopes ready and send them |
//! | `circuit_breaker`, `limits`, `backpressure` | what holds them up |
//! | `client_reports` | the number of discarded items, for Sentry |
//! | `spool`, `spotlight` | where else they may go |

mod backpressure;
mod category;
mod circuit_breaker;
mod client_reports;
mod encode;
mod envelope;
mod hooks;
mod http;
mod limits;
mod queues;
mod sender;
mod shrink;
mod spool;
mod spotlight;
mod weight;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use sentry::protocol::{EnvelopeFilterCallbacks, EnvelopeItem};
use sentry::types::Dsn;
use sentry::{Envelope, TransactionContext, Transport, TransportFactory, TransportOptions};

use backpressure::Backpressure;
use client_reports::ClientReports;
pub use encode::{Encode, Plain, stamped};
use envelope::QueuedEnvelope;
pub use hooks::Hooks;
use http::{Endpoint, EndpointError};
use queues::{Closing, Queues};
use sender::{CONNECTIONS, Sender};
use spool::Spool;
pub use spool::check as check_spool;
use spotlight::Spotlight;

/// Where envelopes go beside the DSN's server.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Folder for errors that could not be delivered; it must be writable.
    pub spool: Option<PathBuf>,
    /// A [Spotlight](https://spotlightjs.com) sidecar that gets a copy of everything.
    pub spotlight: Option<reqwest::Url>,
}

/// How long a transport that is dropped without a shutdown may take to save what it has.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// What the SDK takes for a DSN where only Spotlight is there: without one it does nothing at all.
const NOWHERE: &str = "http://spotlight@localhost/0";

impl Delivery {
    /// A DSN for a client that has none of its own; `None` where it has nowhere to send to.
    pub fn dsn(&self) -> Option<Dsn> {
        self.spotlight.as_ref().and_then(|_| NOWHERE.parse().ok())
    }
}

/// The target of this crate's log lines: a line about Sentry's transport must not be sent by it.
pub const LOG_TARGET: &str = env!("CARGO_CRATE_NAME");

/// Makes transports for one service's clients.
#[derive(Clone)]
pub struct HttpTransportFactory {
    service: &'static str,
    encode: Arc<dyn Encode>,
    delivery: Delivery,
    hooks: Hooks,
    backpressure: Arc<Backpressure>,
}

impl HttpTransportFactory {
    /// A factory for the clients of `service`, which names its folder in the spool.
    pub fn new(service: &'static str, encode: impl Encode, delivery: Delivery) -> Self {
        let (encode, hooks) = (Arc::new(encode), Hooks::default());
        Self { service, encode, delivery, hooks, backpressure: Arc::default() }
    }

    /// The same with calls into the process that it serves.
    #[must_use]
    pub fn with_hooks(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// The rate at which a new transaction is sampled, for
    /// [`traces_sampler`](sentry::ClientOptions::traces_sampler): as configured, or as the caller decided, and less
    /// while transactions cannot be delivered.
    pub fn sampler(&self, rate: f32) -> impl Fn(&TransactionContext) -> f32 + Send + Sync + 'static {
        let backpressure = Arc::clone(&self.backpressure);
        move |context| backpressure.rate(rate, context)
    }

    fn sender(
        &self,
        options: &TransportOptions,
        queues: &Arc<Queues>,
        client_reports: &Arc<ClientReports>,
    ) -> Result<Sender, EndpointError> {
        let there_is_one = self.delivery.dsn().as_ref() != Some(&options.dsn);
        let sentry = there_is_one.then(|| Endpoint::sentry(options, CONNECTIONS));
        let spotlight = self.delivery.spotlight.as_ref().map(Endpoint::spotlight).transpose()?;
        Ok(Sender {
            sentry: sentry.transpose()?,
            spotlight: spotlight.map(Spotlight::new),
            queues: Arc::clone(queues),
            encode: Arc::clone(&self.encode),
            hooks: self.hooks,
            client_reports: Arc::clone(client_reports),
            backpressure: Arc::clone(&self.backpressure),
            spool: self.spool(),
            disk_refuses: AtomicBool::default(),
            sent: AtomicU64::default(),
            sent_before: AtomicU64::default(),
        })
    }

    /// A spool that cannot be used any more, since the settings were read, is no reason to send nothing.
    fn spool(&self) -> Option<Mutex<Spool>> {
        let folder = self.delivery.spool.as_ref()?;
        match Spool::open(folder, self.service) {
            Ok(spool) => Some(Mutex::new(spool)),
            Err(error) => {
                tracing::error!(folder = %folder.display(), %error, "the spool cannot be used");
                None
            }
        }
    }
}

impl TransportFactory for HttpTransportFactory {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let (queues, client_reports) = (Arc::<Queues>::default(), Arc::<ClientReports>::default());
        let mut transport = HttpTransport {
            queues: Arc::clone(&queues),
            client_reports: Arc::clone(&client_reports),
            backpressure: Arc::clone(&self.backpressure),
            has_spool: false,
            thread: None,
        };
        let thread = match self.sender(&options, &queues, &client_reports) {
            Ok(sender) => {
                transport.has_spool = sender.spool.is_some();
                let run = move || sender.run();
                std::thread::Builder::new()
                    .name("sentry-transport".to_owned())
                    .spawn(run)
                    .map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match thread {
            Ok(thread) => transport.thread = Some(thread.thread().id()),
            Err(error) => {
                tracing::error!(%error, "no transport: nothing will be sent");
                queues.finish(true);
            }
        }
        Arc::new(transport)
    }
}

struct HttpTransport {
    queues: Arc<Queues>,
    client_reports: Arc<ClientReports>,
    backpressure: Arc<Backpressure>,
    has_spool: bool,
    /// The sender's; `None` where there is none.
    thread: Option<ThreadId>,
}

impl HttpTransport {
    /// The SDK's reports may not get lost with the envelope that they happen to be in.
    fn without_reports(&self, envelope: Envelope) -> Option<Envelope> {
        if !envelope.items().any(|item| matches!(item, EnvelopeItem::ClientReport(_))) {
            return Some(envelope);
        }
        let headers = envelope.headers().clone();
        let filter = EnvelopeFilterCallbacks::new(
            |item: &EnvelopeItem| !matches!(item, EnvelopeItem::ClientReport(_)),
            |item: EnvelopeItem| {
                if let EnvelopeItem::ClientReport(report) = &item {
                    self.client_reports.absorb(report, self.backpressure.is_on());
                }
            },
        );
        envelope.filter(filter).map(|envelope| envelope.with_headers(headers))
    }

    fn close(&self, timeout: Duration) -> bool {
        let now = Instant::now();
        // With a spool, what a server that is down would get is safer there than with a wait for it.
        let hopeless = self.has_spool && self.queues.outage_age().is_some();
        self.queues.close(|unready| steps(now, timeout, unready, hopeless));
        self.queues.wait_finished(now + timeout)
    }
}

impl Transport for HttpTransport {
    fn send_envelope(&self, envelope: Envelope) {
        let Some(envelope) = self.without_reports(envelope) else { return };
        let refused = match QueuedEnvelope::new(envelope) {
            Ok(queued) if queued.is_empty() => return,
            Ok(queued) => self.queues.push(queued),
            Err(error) => return tracing::error!(%error, "an envelope cannot be read"),
        };
        if let Err((queued, reason)) = refused {
            self.client_reports.record(&queued.content(), reason);
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.queues.wait_idle(timeout)
    }

    fn shutdown(&self, timeout: Duration) -> bool {
        self.close(timeout)
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        // The transport may be dropped on its own thread, by the last event's client handle.
        if self.thread.is_some_and(|thread| thread != std::thread::current().id()) {
            self.close(Duration::ZERO);
            self.queues.wait_ended(Instant::now() + LAST_WAIT);
        }
    }
}

/// How a shutdown's time is spent: most of it on sending, the rest on waiting for answers and on saving what is left,
/// which takes a fraction of a millisecond for each error.
fn steps(now: Instant, timeout: Duration, unready: usize, hopeless: bool) -> Closing {
    const TO_SAVE_ONE: Duration = Duration::from_micros(500);
    let to_save =
        (TO_SAVE_ONE * u32::try_from(unready).unwrap_or(u32::MAX)).max(timeout / 10).min(timeout / 2);
    let wait_until = if hopeless { now } else { now + (timeout - to_save) };
    // What is sent later than an answer takes, and saved as unanswered, arrives twice.
    let send_until = if hopeless { now } else { wait_until - timeout * 3 / 10 };
    // Whoever waits for the end is to see it before the time is over.
    Closing { send_until, wait_until, deadline: now + timeout - timeout / 20 }
}

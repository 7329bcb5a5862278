//! The SDK's side: a transport factory, and the transport that a client holds.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{self, ThreadId};
use std::time::Duration;

use sentry::protocol::EnvelopeItem;
use sentry::{Envelope, TransactionContext, Transport, TransportFactory, TransportOptions};

use crate::backpressure::Backpressure;
use crate::client_reports::ClientReports;
use crate::delivery::{Delivery, Hooks};
use crate::encoder::{Encode, Encoder};
use crate::envelope::filtered;
use crate::http::{Endpoint, EndpointError};
use crate::pipeline::Pipeline;
use crate::profile_chunks::ProfileChunks;
use crate::sender::{CONNECTIONS, Sender};
use crate::spool::Spool;
use crate::spotlight::Spotlight;

/// How long a transport that is dropped without a shutdown may take to save what it has.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Makes transports for one service's clients.
#[derive(Clone)]
pub struct HttpTransportFactory {
    service: &'static str,
    encode: Arc<dyn Encode>,
    delivery: Delivery,
    hooks: Hooks,
    backpressure: Arc<Backpressure>,
    profile_chunks: ProfileChunks,
}

impl HttpTransportFactory {
    /// A factory for the clients of `service`, which names its folder in the spool.
    pub fn new(service: &'static str, encode: impl Encode, delivery: Delivery) -> Self {
        let (encode, hooks, backpressure) = (Arc::new(encode), Hooks::default(), Arc::default());
        Self { service, encode, delivery, hooks, backpressure, profile_chunks: ProfileChunks::default() }
    }

    /// The same with calls into the process that it serves.
    #[must_use]
    pub fn with_hooks(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// Where profile chunks go in: to the transport that this factory makes, and to the latest where it makes several.
    pub fn profile_chunks(&self) -> ProfileChunks {
        self.profile_chunks.clone()
    }

    /// The rate at which a new transaction is sampled, for
    /// [`traces_sampler`](sentry::ClientOptions::traces_sampler): as configured, or as the caller decided, and less
    /// while transactions cannot be delivered.
    pub fn sampler(&self, rate: f32) -> impl Fn(&TransactionContext) -> f32 + Send + Sync + 'static {
        let backpressure = Arc::clone(&self.backpressure);
        move |context| backpressure.rate(rate, context)
    }

    fn sender(&self, options: &TransportOptions, pipeline: &Arc<Pipeline>) -> Result<Sender, EndpointError> {
        let has_server = self.delivery.dsn().as_ref() != Some(&options.dsn);
        let sentry = has_server.then(|| Endpoint::sentry(options, CONNECTIONS)).transpose()?;
        let copies = self.delivery.spotlight.as_ref().map(Endpoint::spotlight).transpose()?;
        let (pipeline, encode) = (Arc::clone(pipeline), Arc::clone(&self.encode));
        let encoder = Encoder { pipeline: Arc::clone(&pipeline), encode, copies: copies.map(Spotlight::new) };
        let (encoder, sent) = (Arc::new(encoder), AtomicU64::default());
        Ok(Sender { sentry, pipeline, encoder, hooks: self.hooks, sent })
    }

    /// A spool that could be used when the settings were read, and cannot be now, is no reason to send nothing.
    fn spool(&self, client_reports: &Arc<ClientReports>) -> Option<Spool> {
        let folder = self.delivery.spool.as_ref()?;
        Spool::open(folder, self.service, client_reports)
            .inspect_err(
                |error| tracing::error!(folder = %folder.display(), %error, "the spool cannot be used"),
            )
            .ok()
    }
}

impl TransportFactory for HttpTransportFactory {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let client_reports = Arc::default();
        let (spool, backpressure) = (self.spool(&client_reports), Arc::clone(&self.backpressure));
        let has_spool = spool.is_some();
        let pipeline = Arc::new(Pipeline { client_reports, has_spool, backpressure, ..Pipeline::default() });
        self.profile_chunks.connect(&pipeline);
        let sender = self.sender(&options, &pipeline);
        let thread = sender.and_then(|sender| Ok(sender.start(spool)?)).inspect_err(|error| {
            tracing::error!(%error, "no transport: nothing will be sent");
            pipeline.close(Duration::ZERO);
            pipeline.shutdown.end(true);
        });
        Arc::new(HttpTransport { pipeline, thread: thread.ok() })
    }
}

struct HttpTransport {
    pipeline: Arc<Pipeline>,
    /// The thread that sends, if it could be started.
    thread: Option<ThreadId>,
}

impl HttpTransport {
    /// Takes the client reports of the SDK out of an envelope, so that they are not lost with it.
    fn without_reports(&self, envelope: Envelope) -> Option<Envelope> {
        let is_kept = |item: &EnvelopeItem| !matches!(item, EnvelopeItem::ClientReport(_));
        if envelope.items().all(is_kept) {
            return Some(envelope);
        }
        filtered(envelope, is_kept, |item| {
            if let EnvelopeItem::ClientReport(report) = &item {
                self.pipeline.client_reports.absorb(report, self.pipeline.backpressure.is_on());
            }
        })
    }
}

impl Transport for HttpTransport {
    fn send_envelope(&self, envelope: Envelope) {
        if let Some(envelope) = self.without_reports(envelope) {
            self.pipeline.accept(envelope);
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.pipeline.room.wait_empty(timeout)
    }

    fn shutdown(&self, timeout: Duration) -> bool {
        self.pipeline.close(timeout);
        self.pipeline.shutdown.wait(timeout) == Some(true)
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        // The transport may be dropped on its own thread, by the last event's client handle.
        if self.thread.is_some_and(|thread| thread != thread::current().id()) {
            self.pipeline.close(Duration::ZERO);
            self.pipeline.shutdown.wait(LAST_WAIT);
        }
    }
}

//! Our envelopes out: bounded lanes by importance, several kept-alive connections, Sentry's rate limits.
//!
//! The SDK's own transport queues 30 envelopes and has one in flight; a burst of crashes loses most of itself.
//! Here errors, sessions and reports never wait behind transactions, a full lane drops only its own kind, and
//! what is dropped is counted in client reports.

mod lanes;
mod sender;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use sentry::client_report::{Reason, Recorder};
use sentry::{Envelope, Transport, TransportFactory, TransportOptions};

use crate::finish::Finisher;
use lanes::Lanes;

/// Connections, and so requests in flight, at most. Against a Sentry 40 ms away 16 lost nothing in a burst.
const CONNECTIONS: usize = 16;

/// Makes transports that finish events before they leave.
#[derive(Debug, Clone)]
pub struct HttpTransportFactory {
    finisher: Arc<Finisher>,
}

impl HttpTransportFactory {
    /// A factory for one service's clients.
    pub fn new(finisher: Finisher) -> Self {
        Self { finisher: Arc::new(finisher) }
    }
}

impl TransportFactory for HttpTransportFactory {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let lanes = Arc::new(Lanes::default());
        let recorder = options.client_report_recorder.clone();
        let sender = sender::Sender::new(&options, Arc::clone(&lanes), Arc::clone(&self.finisher));
        let thread =
            std::thread::Builder::new().name("sentry-transport".to_owned()).spawn(move || sender.run());
        if let Err(error) = &thread {
            tracing::error!(%error, "no thread for the transport: nothing will be sent");
        }
        Arc::new(HttpTransport { lanes, recorder, thread: Mutex::new(thread.ok()) })
    }
}

struct HttpTransport {
    lanes: Arc<Lanes>,
    recorder: Recorder,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Transport for HttpTransport {
    fn send_envelope(&self, envelope: Envelope) {
        if let Err(refused) = self.lanes.push(envelope) {
            self.recorder.record_lost_data(&*refused, Reason::QueueOverflow);
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.lanes.wait_idle(timeout)
    }

    fn shutdown(&self, timeout: Duration) -> bool {
        let delivered = self.lanes.wait_idle(timeout);
        self.lanes.close();
        delivered
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        self.lanes.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The transport may be dropped on its own thread, by the last event's client handle.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

//! A stall, reported when it is found and when it is over.

use std::sync::Arc;
use std::time::Duration;

use sentry::protocol::{Context, Event, Exception, LogEntry, Map, Mechanism, Thread, ThreadId};
use sentry::{Hub, Level};
use sentry_context::frames::Origin;
use sentry_context::open_spans::{self, OpenSpan};
use sentry_context::report::TYPE_TAG;
use sentry_context::{Facts, breadcrumbs, facts};

use super::worker::Worker;
use crate::linux::stack::{Stack, Unwinder, interrupted};

/// Most frames of a blocked worker's stack.
const DEPTH: usize = 250;

/// The context with the facts, and what the message is about.
const CONTEXT: &str = "event_loop";

/// A worker that is blocked.
#[derive(Debug)]
pub(super) struct Stall {
    worker: Arc<Worker>,
    /// The heartbeat that was the last one.
    beat: u64,
    /// Where it was blocked.
    origin: Option<Origin>,
    /// As all was known then: by the time the stall is over, so may be the request.
    hub: Arc<Hub>,
    /// The request's own hub.
    request: Option<Arc<Hub>>,
    /// The second report is about the same span, which has ended by then.
    _span: Option<Arc<OpenSpan>>,
    threshold: Duration,
}

impl Stall {
    /// Reports a stall that was just found, with the stack of the worker.
    pub(super) fn found(worker: Arc<Worker>, threshold: Duration, service: &Arc<Hub>) -> Self {
        let request = worker.running();
        let hub = Arc::new(Hub::new_from_top(request.as_ref().unwrap_or(service)));
        let (beat, late) = (worker.latest(), worker.since_beat());
        worker.take_gap();
        let walk = |stack: Stack<'_>| Unwinder::with_own(|own| own.addresses(stack, DEPTH));
        let origin = interrupted(&worker.thread, walk).map(Origin::of);
        let _span = open_spans::held(hub.configure_scope(|scope| scope.get_span()).as_ref());
        let stall = Self { worker, beat, origin, hub, request, _span, threshold };
        Hub::run(Arc::clone(&stall.hub), || {
            breadcrumbs::warning("stall", "the worker's heartbeat is missing", stall.facts(late));
            stall.hub.capture_event(stall.blocked(late));
        });
        stall
    }

    pub(super) fn is_of(&self, worker: &Arc<Worker>) -> bool {
        Arc::ptr_eq(&self.worker, worker)
    }

    /// Whether the worker runs again; if so, that is reported.
    pub(super) fn is_over(&self) -> bool {
        let over = self.worker.latest() != self.beat;
        if over {
            let delay = self.worker.take_gap();
            if let Some(request) = &self.request {
                let report = || breadcrumbs::warning("stall", "the worker was blocked", self.facts(delay));
                Hub::run(Arc::clone(request), report);
            }
            Hub::run(Arc::clone(&self.hub), || self.hub.capture_event(self.recovered(delay)));
        }
        over
    }

    fn blocked(&self, late: Duration) -> Event<'static> {
        let threshold = self.threshold.as_secs_f64();
        let exception = Exception {
            ty: "EventLoopBlocked".to_owned(),
            value: Some(format!("a worker has run nothing else for more than {threshold} s")),
            // The worker goes on in the end: no session crashed.
            mechanism: Some(Mechanism {
                ty: "stall".to_owned(),
                handled: Some(true),
                ..Mechanism::default()
            }),
            stacktrace: self.origin.as_ref().and_then(Origin::stacktrace),
            thread_id: Some(ThreadId::from(self.worker.thread.id)),
            ..Exception::default()
        };
        Event {
            level: Level::Error,
            exception: vec![exception].into(),
            threads: vec![self.thread()].into(),
            contexts: self.context(late),
            ..Event::default()
        }
    }

    fn recovered(&self, delay: Duration) -> Event<'static> {
        let stacktrace = self.origin.as_ref().and_then(Origin::stacktrace);
        let thread = Thread { stacktrace, ..self.thread() };
        Event {
            level: Level::Info,
            logentry: Some(LogEntry {
                message: format!("The event loop runs again after {:.1} s", delay.as_secs_f64()),
                params: Vec::new(),
            }),
            threads: vec![thread].into(),
            tags: Map::from_iter([(TYPE_TAG.to_owned(), CONTEXT.to_owned())]),
            contexts: self.context(delay),
            ..Event::default()
        }
    }

    /// The one that the events are about: viewers show its stack.
    fn thread(&self) -> Thread {
        Thread {
            id: Some(ThreadId::from(self.worker.thread.id)),
            name: Some(self.worker.thread.name.clone()),
            current: true,
            ..Thread::default()
        }
    }

    fn context(&self, delay: Duration) -> Map<String, Context> {
        Map::from_iter([(CONTEXT.to_owned(), Context::Other(self.facts(delay)))])
    }

    fn facts(&self, delay: Duration) -> Facts {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        facts([
            ("worker", self.worker.thread.name.clone().into()),
            ("thread_id", self.worker.thread.id.into()),
            ("delay_ms", millis(delay).into()),
            ("threshold_ms", millis(self.threshold).into()),
        ])
    }
}

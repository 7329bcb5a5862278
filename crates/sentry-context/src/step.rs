//! Steps of the work: each is a breadcrumb of the events that follow, and a span of the transaction.
//!
//! ```
//! use sentry_context::facts;
//! use sentry_context::step::Step;
//!
//! fn restock(items: u64) {
//!     let step = Step::begin("stock", "restocking the shelves", facts([("items", items.into())]));
//!     // What is done here is below the span; so are the spans of the functions that are called.
//!     step.set("shelves", 3.into());
//! }
//! # restock(12);
//! ```

use std::sync::Arc;
use std::thread;

use sentry::protocol::{SpanStatus, Value};
use sentry::{Hub, TransactionOrSpan};

use crate::facts::Facts;
use crate::open_spans::OpenSpan;
use crate::profile::{self, active};
use crate::{breadcrumbs, current_span};

/// The operation of a span that is a step of the service's own code.
const FUNCTION: &str = "function";

/// A step of the work. It ends when it is dropped. A step that panics, or in which an error
/// [arises](crate::report::Traced), has failed, and its span says so.
#[derive(Debug)]
#[must_use = "a step ends when it is dropped"]
pub struct Step(Option<Open>);

impl Step {
    /// Begins a step: `category` names the part (`paytable`), `message` says what is done, in words that are the same
    /// each time.
    pub fn begin(category: &str, message: &str, data: Facts) -> Self {
        Self::begin_as(FUNCTION, category, message, data)
    }

    /// The same for an operation of another name, such as `game.rng`.
    pub fn begin_as(op: &str, category: &str, message: &str, data: Facts) -> Self {
        let step = Self::silent(op, message);
        if let Some(Open { span, .. }) = &step.0 {
            data.iter().for_each(|(name, value)| span.set_data(name, value.clone()));
        }
        breadcrumbs::step(category, message, data);
        step
    }

    /// A step that leaves no breadcrumb.
    pub fn silent(op: &str, description: &str) -> Self {
        // Nobody sees the spans of a transaction that is not sent.
        Self(Open::begin(current_span::is_sampled, op, description))
    }

    /// A fact of the step, for its span.
    pub fn set(&self, name: &str, value: Value) {
        if let Some(Open { span, .. }) = &self.0 {
            span.set_data(name, value);
        }
    }

    /// How the step ended, where that is not as it seems.
    pub fn set_status(&self, status: SpanStatus) {
        if let Some(Open { span, .. }) = &self.0 {
            span.set_status(status);
        }
    }
}

/// A span that is open, for the spans of its work. Dropped, it is finished, and the span above it is open again.
#[derive(Debug)]
pub(crate) struct Open {
    hub: Arc<Hub>,
    parent: TransactionOrSpan,
    pub(crate) span: TransactionOrSpan,
    /// What the events of its work say of it.
    _known: Arc<OpenSpan>,
    /// The number of the span that was active before, for the profile.
    before: u64,
}

impl Open {
    /// Below the span that is open now; `None` if none is, or if it is not `wanted`.
    pub(crate) fn begin(wanted: fn(&TransactionOrSpan) -> bool, op: &str, description: &str) -> Option<Self> {
        let hub = Hub::current();
        // Each call copies the scope: one reads and writes.
        let (parent, span) = hub.configure_scope(|scope| {
            let parent = scope.get_span().filter(wanted)?;
            let span = TransactionOrSpan::from(parent.start_child(op, description));
            scope.set_span(Some(span.clone()));
            Some((parent, span))
        })?;
        profile::name_thread(&span);
        let known = OpenSpan::new(&parent, &span, op, description);
        let before = active::replace(profile::number_of(&span));
        Some(Self { hub, parent, span, _known: known, before })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if thread::panicking() {
            self.span.set_status(SpanStatus::InternalError);
        }
        self.span.clone().finish();
        self.hub.configure_scope(|scope| scope.set_span(Some(self.parent.clone())));
        // The future of a caller that hung up is dropped outside of its hub, where another span is active.
        if Arc::ptr_eq(&Hub::current(), &self.hub) {
            active::replace(self.before);
        }
    }
}

/// An error occurred in the step that is open.
pub(crate) fn fail() {
    if let Some(span @ TransactionOrSpan::Span(_)) = current_span::get() {
        span.set_status(SpanStatus::InternalError);
    }
}

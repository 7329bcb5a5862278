//! Work whose panics are values: while it runs, and while it is dropped.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use sentry::Hub;

use super::in_flight;

/// What unwound.
pub(super) type Payload = Box<dyn Any + Send>;

/// Runs work, or says what it panicked with.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Payload> {
    // What the thread panicked with before, somebody else has caught.
    in_flight::caught();
    let done = catch_unwind(AssertUnwindSafe(work));
    in_flight::caught();
    done
}

/// Drops a thing whose destructor may panic; that is reported by the hook, under the hub.
pub(super) fn discard<T>(thing: T, hub: &Arc<Hub>) {
    if let Err(payload) = Hub::run(Arc::clone(hub), || caught(|| drop(thing))) {
        forget(payload);
    }
}

/// A payload may panic again when it is dropped, and what comes of that, too: leaking it is the only safe end.
pub(super) fn forget(payload: Payload) {
    if let Err(again) = caught(|| drop(payload)) {
        std::mem::forget(again);
    }
}

pin_project! {
    /// A call that begins when it is first polled.
    pub(super) struct Call<S, F> {
        hub: Arc<Hub>,
        start: Option<S>,
        #[pin]
        running: Option<F>,
    }

    /// A caller that hangs up drops the call where it stands, outside of its hub.
    impl<S, F> PinnedDrop for Call<S, F> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

impl<S, F> Call<S, F> {
    /// Under the current hub.
    pub(super) fn new(start: S) -> Self {
        Self { hub: Hub::current(), start: Some(start), running: None }
    }

    /// Drops what runs; a destructor may panic, too.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.running.is_some() {
            let dropped = Hub::run(Arc::clone(this.hub), || caught(|| this.running.set(None)));
            dropped.unwrap_or_else(forget);
        }
    }
}

impl<S: FnOnce() -> F, F: Future> Future for Call<S, F> {
    type Output = Result<F::Output, Payload>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        let polled = caught(|| {
            if let Some(start) = this.start.take() {
                this.running.set(Some(start()));
            }
            this.running.as_pin_mut().map_or(Poll::Pending, |running| running.poll(context))
        });
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        // At once: nothing of the request may outlive the call.
        self.end();
        Poll::Ready(ended)
    }
}

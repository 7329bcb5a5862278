//! Work whose panics are values: while it runs, and while it is dropped.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

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

/// A call that begins when it is first polled.
pub(super) struct Call<S, F> {
    hub: Arc<Hub>,
    start: Option<S>,
    running: Option<F>,
}

impl<S: FnOnce() -> F, F: Future> Call<S, F> {
    pub(super) fn new(start: S) -> Self {
        Self { hub: Hub::current(), start: Some(start), running: None }
    }
}

impl<S: FnOnce() -> F + Unpin, F: Future + Unpin> Future for Call<S, F> {
    type Output = Result<F::Output, Payload>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let polled = caught(|| {
            if let Some(start) = this.start.take() {
                this.running = Some(start());
            }
            match &mut this.running {
                Some(running) => Pin::new(running).poll(context),
                None => Poll::Pending,
            }
        });
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            // At once: nothing of the request may outlive the call.
            Ok(Poll::Ready(output)) => {
                discard(this.running.take(), &this.hub);
                Poll::Ready(Ok(output))
            }
            Err(payload) => {
                discard(this.running.take(), &this.hub);
                Poll::Ready(Err(payload))
            }
        }
    }
}

/// A caller that hangs up drops the call where it stands, outside of its hub.
impl<S, F> Drop for Call<S, F> {
    fn drop(&mut self) {
        if self.running.is_some() {
            discard(self.running.take(), &self.hub);
        }
    }
}

//! Work beside the request that still belongs to its request in Sentry.
//!
//! Each helper binds a hub of its own, made from the caller's: it keeps the request, user, tags,
//! breadcrumbs and span of the moment, also after the middleware has reset them at the request's end.

use std::future::Future;
use std::sync::Arc;

use sentry::{Hub, SentryFutureExt};
use tokio::task::JoinHandle;

use crate::profile::active::{self, Active};
use crate::{open_spans, platform, request};

fn own_hub() -> Arc<Hub> {
    Arc::new(Hub::new_from_top(Hub::current()))
}

/// A future that runs under a hub of its own; for `tokio::spawn`, `JoinSet::spawn` and the like.
pub fn bound<F: Future>(future: F) -> impl Future<Output = F::Output> {
    // Inside the hub, so that a worker which this blocks knows whose work it is.
    let known = open_spans::held(request::span().as_ref());
    let work = async move {
        let _known = known;
        future.await
    };
    platform::attributed(active::get(), work).bind_hub(own_hub())
}

/// `tokio::spawn` with the caller's hub.
pub fn task<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(bound(future))
}

/// `tokio::task::spawn_blocking` with the caller's hub: for work that burns CPU or waits.
pub fn blocking<F, T>(work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(carried("blocking work".to_owned(), work))
}

/// A named thread with the caller's hub. Fails if the system gives no thread.
pub fn thread<F, T>(name: String, work: F) -> std::io::Result<std::thread::JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let work = carried(name.clone(), work);
    std::thread::Builder::new().name(name).spawn(work)
}

/// Work with the caller's hub, in a span of its own, which names the thread that does it.
fn carried<T>(name: String, work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let (hub, span) = (own_hub(), active::get());
    move || {
        // Where the work panics, the thread may do other work later.
        let _active = Active::new(span);
        Hub::run(hub, || request::spanned_now("function", &name, |_| work()))
    }
}

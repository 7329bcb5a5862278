//! How a request ended, for its transaction and the metrics, even if its caller hung up before the answer, or if its
//! body is produced while it is sent.

use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::ServiceRequest;
use sentry::protocol::SpanStatus;
use sentry::{Hub, Transaction, TransactionContext};

use crate::current_span::is_sampled;
use crate::metrics::{self, Answered};
use crate::profile::{self, roots::Root};
use crate::reported::Owner;
use crate::request::{Described, OP};

/// The status that nginx logs for a caller that hung up; no caller ever receives it.
const HUNG_UP: u16 = 499;

/// A request that is being answered, with its transaction. If it is dropped without an end, the caller has hung up.
pub(crate) struct Pending {
    hub: Arc<Hub>,
    pub(crate) owner: Owner,
    /// The transaction's, for the profile.
    pub(crate) span: u64,
    _root: Option<Root>,
    /// Until it is finished.
    transaction: Option<Transaction>,
    pub(crate) described: Arc<Described>,
    start: Instant,
}

impl Pending {
    /// Begins under the request's hub, whose scope gets the transaction as its span. `body` is for events.
    pub(crate) fn begin(request: &ServiceRequest, body: Option<String>) -> Self {
        let hub = Hub::current();
        let described = Arc::new(Described::of(request, body));
        let begun = hub.client().map(|_| begin_transaction(&hub, request, &described));
        let (transaction, span) = begun.unzip();
        let root = transaction.as_ref().and_then(|transaction| Root::of(&transaction.clone().into()));
        let (owner, span) = (Owner::new(), span.unwrap_or_default());
        Self { hub, owner, span, _root: root, transaction, described, start: Instant::now() }
    }

    /// Ends with that HTTP status.
    pub(crate) fn answered(mut self, status: u16) {
        self.end(status, span_status(status));
    }

    /// Ends while the body is sent, after that HTTP status.
    pub(crate) fn broken_off(mut self, status: u16) {
        self.end(status, SpanStatus::InternalError);
    }

    fn end(&mut self, status: u16, how: SpanStatus) {
        let Some(transaction) = self.transaction.take() else { return };
        transaction.set_status(how);
        // A caller that hung up got no status.
        if status != HUNG_UP {
            transaction.set_data("http.response.status_code", status.into());
        }
        let answered = Answered { method: self.described.method, route: self.described.route(), status };
        let took = self.start.elapsed();
        // The transaction gets user and tags from the request's scope, as its events do.
        Hub::run(Arc::clone(&self.hub), || {
            metrics::request(answered, took);
            if is_sampled(&transaction.clone().into()) {
                let user = sentry::configure_scope(|scope| scope.user().cloned());
                let mut data = self.described.data(user.as_ref());
                data.retain(|(name, _)| transaction.data().iter().all(|(known, _)| known != name));
                data.into_iter().for_each(|(name, value)| transaction.set_data(name, value));
                transaction.set_request(self.described.interface());
            }
            transaction.finish();
        });
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.end(HUNG_UP, span_status(HUNG_UP));
    }
}

/// The transaction, and its number for the profile.
fn begin_transaction(hub: &Arc<Hub>, request: &ServiceRequest, described: &Described) -> (Transaction, u64) {
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let context = TransactionContext::continue_from_headers(&described.name(), OP, headers);
    let span = profile::number(|| context.span_id());
    let transaction = hub.start_transaction(context);
    transaction.set_origin("auto.http.actix");
    hub.configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
    (transaction, span)
}

/// The span status of an HTTP status, as in all of Sentry's SDKs
/// ([table](https://develop.sentry.dev/sdk/event-payloads/contexts/#trace-context)). `sentry-actix` takes every redirection
/// for unknown, and every timeout for an internal error.
fn span_status(http: u16) -> SpanStatus {
    match http {
        100..=399 => SpanStatus::Ok,
        401 => SpanStatus::Unauthenticated,
        403 => SpanStatus::PermissionDenied,
        404 => SpanStatus::NotFound,
        409 => SpanStatus::AlreadyExists,
        413 => SpanStatus::FailedPrecondition,
        429 => SpanStatus::ResourceExhausted,
        HUNG_UP => SpanStatus::Cancelled,
        400..=499 => SpanStatus::InvalidArgument,
        501 => SpanStatus::Unimplemented,
        503 => SpanStatus::Unavailable,
        504 => SpanStatus::DeadlineExceeded,
        500..=599 => SpanStatus::InternalError,
        _ => SpanStatus::UnknownError,
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanStatus, span_status};

    #[test]
    fn every_http_status_has_the_span_status_that_sentry_gives_it() {
        for (http, status) in [
            (101, SpanStatus::Ok),
            (204, SpanStatus::Ok),
            (304, SpanStatus::Ok),
            (400, SpanStatus::InvalidArgument),
            (401, SpanStatus::Unauthenticated),
            (403, SpanStatus::PermissionDenied),
            (404, SpanStatus::NotFound),
            (405, SpanStatus::InvalidArgument),
            (409, SpanStatus::AlreadyExists),
            (413, SpanStatus::FailedPrecondition),
            (422, SpanStatus::InvalidArgument),
            (429, SpanStatus::ResourceExhausted),
            (499, SpanStatus::Cancelled),
            (500, SpanStatus::InternalError),
            (501, SpanStatus::Unimplemented),
            (502, SpanStatus::InternalError),
            (503, SpanStatus::Unavailable),
            (504, SpanStatus::DeadlineExceeded),
            (507, SpanStatus::InternalError),
            (600, SpanStatus::UnknownError),
        ] {
            assert_eq!(span_status(http), status, "{http}");
        }
    }
}

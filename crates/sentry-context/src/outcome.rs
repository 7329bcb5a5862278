//! How a request ended, reported by its transaction and the metrics: also where its caller hung up before the answer, and
//! where its body is still made while it is sent.

use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::ServiceRequest;
use sentry::protocol::{Request, SpanStatus};
use sentry::{Hub, Transaction, TransactionContext};

use crate::metrics::{self, Answered};
use crate::panic_recovery::Owner;
use crate::request::Described;

/// The status that nginx logs for a caller that hung up; nobody is ever sent it.
const HUNG_UP: u16 = 499;

/// A request that is being answered, with its transaction. Dropped without an end, its caller has hung up.
pub(crate) struct Pending {
    hub: Arc<Hub>,
    pub(crate) owner: Owner,
    /// Until it is finished.
    transaction: Option<Transaction>,
    pub(crate) described: Described,
    start: Instant,
}

impl Pending {
    /// Begins under the request's hub, whose scope gets the transaction as its span.
    pub(crate) fn begin(request: &ServiceRequest) -> Self {
        let hub = Hub::current();
        let described = Described::of(request);
        let transaction = hub.client().map(|_| begin_transaction(&hub, request, &described));
        Self { hub, owner: Owner::new(), transaction, described, start: Instant::now() }
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
        // Who hung up was answered with none.
        if status != HUNG_UP {
            transaction.set_data("http.response.status_code", status.into());
        }
        let route = self.described.route.take().unwrap_or_else(|| "<none>".to_owned());
        let answered = Answered { method: self.described.method, route, status };
        let took = self.start.elapsed();
        // As the scope was: the transaction is the request's as its events are.
        Hub::run(Arc::clone(&self.hub), || {
            metrics::request(answered, took);
            transaction.finish();
        });
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.end(HUNG_UP, span_status(HUNG_UP));
    }
}

/// The middleware would finish its own when the answer's head is sent, whatever its body comes to.
fn begin_transaction(hub: &Arc<Hub>, request: &ServiceRequest, described: &Described) -> Transaction {
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let context = TransactionContext::continue_from_headers(&described.name(), "http.server", headers);
    let transaction = hub.start_transaction(context);
    transaction.set_origin("auto.http.actix");
    transaction.set_request(interface(request, described));
    hub.configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
    transaction
}

/// Sentry's `request` interface, as the middleware gives it to events.
fn interface(request: &ServiceRequest, described: &Described) -> Request {
    let connection = request.connection_info();
    let url = format!("{}://{}{}", connection.scheme(), connection.host(), request.uri());
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()));
    Request {
        url: url.parse().ok(),
        method: Some(described.method.to_owned()),
        headers: headers.collect(),
        ..Request::default()
    }
}

/// The span status of an HTTP status, as in all of Sentry's SDKs
/// ([table](https://develop.sentry.dev/sdk/event-payloads/contexts/#trace-context)). The middleware's own has every
/// redirection unknown, and every timeout an internal error.
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

//! How a request ended, told by its transaction and the metrics: also where its caller hung up before the answer.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::Method;
use sentry::protocol::SpanStatus;
use sentry::{Hub, TransactionOrSpan};

use crate::metrics::{self, Answered};

/// The status that nginx logs for a caller that hung up; nobody is ever sent it.
const HUNG_UP: u16 = 499;

/// A request that is being answered. Dropped without an answer, its caller has hung up: the middleware is dropped with
/// it and will not finish the transaction.
pub(crate) struct Pending {
    hub: Arc<Hub>,
    /// `None` without a client.
    span: Option<TransactionOrSpan>,
    method: Method,
    /// The pattern that matched, if one did.
    route: Option<String>,
    start: Instant,
    answered: bool,
}

impl Pending {
    /// Begins under the request's hub. The route is a pattern, not a path, if there is one.
    pub(crate) fn new(method: Method, route: Option<String>) -> Self {
        let hub = Hub::current();
        let span = hub.configure_scope(|scope| scope.get_span());
        Self { hub, span, method, route, start: Instant::now(), answered: false }
    }

    /// Ends with that HTTP status; the middleware finishes the transaction.
    pub(crate) fn answered(mut self, status: u16) {
        self.answered = true;
        self.tell(status);
    }

    fn tell(&mut self, status: u16) {
        if let Some(span) = &self.span {
            span.set_status(span_status(status));
        }
        let route = self.route.take().unwrap_or_else(|| "<none>".to_owned());
        let answered = Answered { method: self.method.clone(), route, status };
        metrics::request(answered, self.start.elapsed());
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        Hub::run(Arc::clone(&self.hub), || {
            self.tell(HUNG_UP);
            self.span.take().into_iter().for_each(TransactionOrSpan::finish);
        });
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

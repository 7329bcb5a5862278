//! The span that is open on the current scope.

use sentry::TransactionOrSpan;

/// How the data of a span that are measurements begin. They leave with the transaction.
pub(crate) const MEASUREMENT: &str = "measurement.";

/// The span, or the transaction itself.
pub(crate) fn get() -> Option<TransactionOrSpan> {
    sentry::configure_scope(|scope| scope.get_span())
}

/// Will the transaction be sent? Its data is not needed otherwise.
pub(crate) fn is_sampled(span: &TransactionOrSpan) -> bool {
    #[expect(
        deprecated,
        reason = "false may also mean that it is undecided, and then nothing is sent either"
    )]
    span.is_sampled()
}

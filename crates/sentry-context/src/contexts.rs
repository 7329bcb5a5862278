//! Facts about the current work, for the events that it may make.

use sentry::protocol::Context;

use crate::facts::Facts;

/// Puts a context of its own on the current scope: what the code knows before it can fail. An error's own
/// [`context`](crate::report::Reportable::context) is the better place where there is one; a panic has none.
pub fn set(name: &str, facts: Facts) {
    sentry::configure_scope(|scope| scope.set_context(name, Context::Other(facts)));
}

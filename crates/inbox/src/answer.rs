//! How an inbox answers.

use std::sync::Mutex;
use std::time::Duration;

use actix_web::web;

/// How envelopes are answered: a Sentry that is far away, or in trouble. With a status outside of 2xx nothing is
/// stored, and the envelope counts as rejected.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Time from the arrival to the answer; what arrived is seen at once.
    pub delay: Duration,
    /// Its HTTP status.
    pub status: u16,
    /// Its further headers, such as `Retry-After`.
    pub headers: Vec<(String, String)>,
}

/// The answer of an inbox that runs: tests change it.
pub(crate) type SharedAnswer = web::Data<Mutex<Answer>>;

impl Default for Answer {
    fn default() -> Self {
        Self { delay: Duration::ZERO, status: 200, headers: Vec::new() }
    }
}

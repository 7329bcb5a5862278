//! What all requests of `sentry-cli` have in common.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse};

use crate::refusal::refusal;

/// Longest body: commits come with the names of all files that they change.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;

/// Nobody is known here, but a request without a token would fail in Sentry.
pub(super) fn refused(request: &HttpRequest) -> Option<HttpResponse> {
    let has_token = request.headers().contains_key(AUTHORIZATION);
    (!has_token).then(|| refusal(StatusCode::UNAUTHORIZED, "a token is required; any token will do"))
}

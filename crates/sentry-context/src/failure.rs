//! What handlers return: any [`Reportable`] error, answered as JSON and reported once, by
//! [`instrument`](mod@crate::instrument).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use sentry::protocol::Value;
use sentry::types::Uuid;

use crate::facts::Facts;
use crate::frames::Origin;
use crate::report::{self, Reportable, Traced};
use crate::size;

/// Bytes of each field of an error's answer.
const FIELD_BYTES: usize = 4_096;

/// The header that names the event about a request, `X-Sentry-Event-Id`.
pub const EVENT_ID_HEADER: &str = "x-sentry-event-id";

/// A failed request. Made with `?` from a [`Traced`] error, or from a bare one.
#[derive(Debug)]
pub struct Failure {
    error: Box<dyn Reportable>,
    origin: Origin,
}

/// How a service words its answers: may add fields to every error answer, such as `detail`.
#[derive(Debug, Clone, Copy)]
pub struct AnswerStyle(pub fn(&mut Facts));

impl<E: Reportable> From<Traced<E>> for Failure {
    fn from(traced: Traced<E>) -> Self {
        Self { error: Box::new(traced.error), origin: traced.origin }
    }
}

impl<E: Reportable> From<E> for Failure {
    #[inline(never)]
    fn from(error: E) -> Self {
        Self { error: Box::new(error), origin: Origin::capture() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Failure {
    /// Reports it if it is an event; the id of the event.
    pub(crate) fn report(&self) -> Option<Uuid> {
        self.error.is_event().then(|| self.capture()).flatten()
    }

    /// Reports it; the id of the event.
    pub(crate) fn capture(&self) -> Option<Uuid> {
        report::capture(&*self.error, &self.origin)
    }

    /// Reports it, and makes the answer to the client, which names the event.
    pub(crate) fn settle(
        &self,
        report: impl FnOnce(&Self) -> Option<Uuid>,
        style: Option<AnswerStyle>,
    ) -> HttpResponse {
        // All that an error is asked may panic: before its event is sent, so that there is one event, the panic's.
        let (status, headers) = (self.status_code(), self.error.headers());
        let mut body = self.error.answer();
        body.insert("error".to_owned(), self.to_string().into());
        body.insert("type".to_owned(), self.error.type_name().into());
        style.into_iter().for_each(|AnswerStyle(add)| add(&mut body));
        // Whatever an error quotes of its input, an answer never repeats it whole.
        body.iter_mut().for_each(|(_, field)| size::cut_json(field, FIELD_BYTES));
        let mut response = answer(status, body, report(self));
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A JSON answer to a request that went well although work beside it failed: names that failure's event.
pub fn name_event(mut body: Value, event: Option<Uuid>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(id) = event.filter(|id| !id.is_nil()) {
        let id = id.simple().to_string();
        response.insert_header((EVENT_ID_HEADER, id.as_str()));
        body["event_id"] = id.into();
    }
    response.json(body)
}

/// A JSON error answer; `event_id` is absent where nothing was sent.
pub(crate) fn answer(status: StatusCode, mut body: Facts, event: Option<Uuid>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(id) = event {
        let id = id.simple().to_string();
        response.insert_header((EVENT_ID_HEADER, id.as_str()));
        body.insert("event_id".to_owned(), id.into());
    }
    response.json(body)
}

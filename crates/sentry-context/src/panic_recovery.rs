//! A panic becomes a 500 and exactly one event; the process, the worker and the transaction live on.
//!
//! The order matters. The hook runs where the panic happens and still sees its stack; [`boundary`] then
//! catches the unwinding request. `sentry-actix` must wrap around it, so that the hub is the request's and
//! the transaction is finished:
//!
//! ```ignore
//! App::new()
//!     .wrap(from_fn(panic_recovery::boundary))   // inner
//!     .wrap(client::middleware(hub.clone()))     // outer: the last wrap runs first
//! ```

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;
use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use futures_util::FutureExt;
use sentry::protocol::{Event, Exception, Mechanism, SpanStatus};
use sentry::types::Uuid;
use sentry::{Hub, Level};

use crate::client::ServiceIntegration;
use crate::facts::facts;
use crate::failure::{AnswerStyle, EVENT_ID_HEADER, Failure, answer};
use crate::frames::Origin;
use crate::{metrics, report, request, stall};

thread_local! {
    /// The event of the latest panic on this thread, for the boundary that catches it.
    static REPORTED: Cell<Option<Uuid>> = const { Cell::new(None) };
}

/// Reports every panic under a hub with a client, and never waits for delivery: the default hook of the SDK
/// flushes on the panicking thread, which stops a worker for as long as Sentry takes.
/// Panics elsewhere go to the hook that was there before.
pub fn install_hook() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let watched = sentry::with_integration(|service: &ServiceIntegration, hub| {
                let id = hub.capture_event(event(info, service.panic_type));
                report::log(Level::Fatal, Some(service.panic_type), text(info), Some(id));
                REPORTED.set(Some(id));
                true
            });
            if !watched {
                previous(info);
            }
        }));
    });
}

fn event(info: &PanicHookInfo<'_>, ty: &str) -> Event<'static> {
    let mechanism = Mechanism { ty: "panic".to_owned(), handled: Some(false), ..Mechanism::default() };
    let exception = Exception {
        ty: ty.to_owned(),
        value: Some(text(info).to_owned()),
        mechanism: Some(mechanism),
        stacktrace: Origin::capture().stacktrace(),
        ..Exception::default()
    };
    Event { level: Level::Fatal, exception: vec![exception].into(), ..Event::default() }
}

fn text<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("panic with a payload that is not text")
}

/// The boundary where a request's failure is handled: tells the scope about the request, turns panics and
/// [`Failure`]s into JSON answers, and reports each once.
pub async fn boundary<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (start, method) = (Instant::now(), request.method().clone());
    let route = request::describe(&request);
    let style = request.app_data::<AnswerStyle>().copied();
    // Nothing of the request may be held across the call: actix panics where a clone outlives a caught panic.
    let call = async { stall::attributed(next.call(request)).await };
    let outcome = match AssertUnwindSafe(call).catch_unwind().await {
        Ok(Ok(response)) => Ok(name_event(settle(response, style))),
        Ok(Err(error)) => Err(("failed", refuse(&error, style))),
        Err(_) => Err(("panicked", recover(style))),
    };
    let status = outcome.as_ref().map_or_else(|(_, answer)| answer.status(), ServiceResponse::status);
    metrics::request(method.as_str(), &route, status.as_u16(), start.elapsed());
    outcome.map_err(|(why, answer)| InternalError::from_response(why, answer).into())
}

/// Names the request's event, if it made one, in an answer that does not name it yet: also where the request went well.
fn name_event(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let event = Hub::with_active(|hub| hub.last_event_id()).map(|id| id.simple().to_string());
    if let Some(Ok(id)) = event.map(HeaderValue::try_from) {
        let name = HeaderName::from_static(EVENT_ID_HEADER);
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, id);
        }
    }
    response
}

fn recover(style: Option<AnswerStyle>) -> actix_web::HttpResponse {
    set_span_status(SpanStatus::InternalError);
    let event = REPORTED.take().filter(|id| !id.is_nil());
    let ty = sentry::with_integration(|service: &ServiceIntegration, _| service.panic_type);
    let ty = if ty.is_empty() { "InternalError" } else { ty };
    let error = "the request panicked; the service goes on".into();
    let body = facts([("error", error), ("type", ty.into())]);
    answer(StatusCode::INTERNAL_SERVER_ERROR, body, event, style.as_ref())
}

fn settle<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    style: Option<AnswerStyle>,
) -> ServiceResponse<BoxBody> {
    match response.response().error().map(|error| refuse(error, style)) {
        Some(told) => ServiceResponse::new(response.into_parts().0, told),
        None => response.map_into_boxed_body(),
    }
}

/// The JSON answer to any error; our own ones are reported here, and only here.
fn refuse(error: &Error, style: Option<AnswerStyle>) -> actix_web::HttpResponse {
    let status = error.as_response_error().status_code();
    if status == StatusCode::GATEWAY_TIMEOUT {
        // To the middleware any 5xx but 501 and 503 is an internal error.
        set_span_status(SpanStatus::DeadlineExceeded);
    }
    if let Some(failure) = error.as_error::<Failure>() {
        return failure.answer(failure.report(), style.as_ref());
    }
    let failure = Failure::from(ForeignError { status: status.as_u16(), text: error.to_string() });
    failure.answer(failure.report(), style.as_ref())
}

/// An error of actix-web's own, such as a broken payload.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct ForeignError {
    status: u16,
    text: String,
}

impl report::Reportable for ForeignError {
    fn type_name(&self) -> &'static str {
        if self.is_event() { "InternalError" } else { "BadRequest" }
    }

    fn status(&self) -> u16 {
        self.status
    }
}

fn set_span_status(status: SpanStatus) {
    Hub::with_active(|hub| hub.configure_scope(|scope| scope.get_span().map(|span| span.set_status(status))));
}

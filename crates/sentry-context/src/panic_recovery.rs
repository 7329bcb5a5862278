//! A panic becomes a 500 and exactly one event; the process and the worker go on, and the transaction is finished.
//!
//! A panic is caught wherever it happens for the request: in the handler, in its extractors and responders, in the code
//! that reports an error, in a destructor, and in a body that is produced while it is sent.
//!
//! The hook runs where the panic happens and still sees its stack; [`crate::instrument`] then catches the unwinding
//! request, under the hub that knows the request.

mod caught;
mod in_flight;
mod reporter;
mod streamed;

use std::any::Any;
use std::panic::PanicHookInfo;
use std::rc::Rc;
use std::sync::Once;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::error::{BlockingError, InternalError};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{Error, HttpResponse};
use sentry::protocol::{Event, Exception, Mechanism};
use sentry::types::Uuid;
use sentry::{Hub, Level};

use crate::facts::facts;
use crate::failure::{AnswerStyle, EVENT_ID_HEADER, Failure, answer};
use crate::frames::Origin;
use crate::integration::ServiceIntegration;
use crate::outcome::Pending;
use crate::reported::{self, Claim, Owner};
use crate::{logs, platform, report, request};
use caught::{Call, Payload, caught, forget};
use in_flight::Outlook;
use streamed::Body;

/// How long a process that aborts may take to deliver what is queued.
const ABORT_FLUSH: Duration = Duration::from_secs(5);

/// Reports every panic under a hub with a client, and never waits for delivery: the default hook of the SDK
/// flushes on the panicking thread, which stops a worker for as long as Sentry takes.
/// Panics elsewhere are logged, since the hook that was there before writes to standard error and waits for its reader;
/// without a log they go to that hook.
pub fn install_hook() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        reporter::start();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let watched = !reporter::is_this() && report_panic(info);
            if !watched && logs::is_on() {
                let place = info.location().map(ToString::to_string);
                tracing::error!(place, "panicked: {}", text(info.payload()));
            } else if !watched {
                previous(info);
            }
        }));
    });
}

/// Reports a panic if there is a client for it.
fn report_panic(info: &PanicHookInfo<'_>) -> bool {
    let (text, origin) = (text(info.payload()), Origin::capture());
    let outlook = in_flight::note(text, info.location(), &origin);
    sentry::with_integration(|service: &ServiceIntegration, hub| {
        if outlook != Outlook::Open {
            abort(outlook, service, hub, text);
            return true;
        }
        let event = event(service.panic_type, text, origin);
        let (id, owner) = reporter::report(event);
        reported::remember(id, owner, info.payload());
        report::log(Level::Fatal, Some(service.panic_type), text, Some(id));
        true
    })
}

/// The process ends with this panic, and with everything that is queued. Where nobody will report that, what was reported
/// before is delivered now.
fn abort(outlook: Outlook, service: &ServiceIntegration, hub: &Hub, text: &str) {
    report::log(Level::Fatal, Some(service.panic_type), &format!("the process aborts: {text}"), None);
    if outlook == Outlook::Unrecorded {
        tracing::error!(
            "SENTRY_SPOOL_DIR is not set: no next start will report why; what is queued is sent first"
        );
        let _delivered = hub.client().is_none_or(|client| client.flush(Some(ABORT_FLUSH)));
    }
}

fn event(ty: &str, text: &str, origin: Origin) -> Event<'static> {
    let mechanism = Mechanism { ty: "panic".to_owned(), handled: Some(false), ..Mechanism::default() };
    let exception = Exception {
        ty: ty.to_owned(),
        value: Some(text.to_owned()),
        mechanism: Some(mechanism),
        stacktrace: origin.stacktrace(),
        ..Exception::default()
    };
    Event { level: Level::Fatal, exception: vec![exception].into(), ..Event::default() }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    let text = formatted.or_else(|| payload.downcast_ref::<&'static str>().copied());
    text.unwrap_or("panic with a payload that is not text")
}

/// The boundary where a request's failure is handled: adds the request to the scope, turns panics and
/// [`Failure`]s into JSON answers, and reports each once. Runs under the request's hub.
pub(crate) async fn answered<S, B>(
    service: Rc<S>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<BoxBody>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let body = request::small_body(&mut request).await;
    let pending = Pending::begin(&request, body);
    let owner = pending.owner;
    request::describe(&request, owner, &pending.described);
    let style = request.app_data::<AnswerStyle>().copied();
    let bodiless = pending.described.method == "HEAD";
    // Nothing of the request may be held across the call: actix panics where a clone outlives a caught panic.
    let called = platform::attributed(pending.span, Call::new(move || service.call(request))).await;
    match called.and_then(|outcome| caught(|| settle(outcome, owner, style))) {
        Ok(Ok(response)) => {
            let status = response.status().as_u16();
            Ok(name_event(response).map_body(|_, body| body.send(pending, status, bodiless)))
        }
        Ok(Err(failed)) => Err(failed.end(pending)),
        Err(payload) => Err(Failed::of("panicked", recover(owner, payload, style)).end(pending)),
    }
}

/// The error that carries an answer to where actix-web sends it.
struct Failed {
    status: StatusCode,
    error: Error,
}

impl Failed {
    fn of(why: &'static str, answer: HttpResponse) -> Self {
        Self { status: answer.status(), error: InternalError::from_response(why, answer).into() }
    }

    fn end(self, pending: Pending) -> Error {
        pending.answered(self.status.as_u16());
        self.error
    }
}

/// Names the request's event, if it made one, in an answer that does not name it yet: also where the request went well.
fn name_event<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    let event = Hub::with_active(|hub| hub.last_event_id()).filter(|id| !id.is_nil());
    if let Some(Ok(id)) = event.map(|id| HeaderValue::try_from(id.simple().to_string())) {
        let name = HeaderName::from_static(EVENT_ID_HEADER);
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, id);
        }
    }
    response
}

/// The answer to a request that panicked.
fn recover(owner: Owner, payload: Payload, style: Option<AnswerStyle>) -> HttpResponse {
    let event = unwound(owner, payload);
    let ty = sentry::with_integration(|service: &ServiceIntegration, _| service.panic_type);
    let ty = if ty.is_empty() { "InternalError" } else { ty };
    let error = "the request panicked; the service goes on".into();
    let body = facts([("error", error), ("type", ty.into())]);
    let styled = caught(|| {
        let mut styled = body.clone();
        style.into_iter().for_each(|AnswerStyle(add)| add(&mut styled));
        styled
    });
    let body = styled.unwrap_or_else(|again| {
        forget(again);
        body
    });
    answer(StatusCode::INTERNAL_SERVER_ERROR, body, event)
}

/// The event of the panic that a request ended in; made here where no hook has seen it.
fn unwound(owner: Owner, payload: Payload) -> Option<Uuid> {
    let event = match reported::claim(owner, &*payload) {
        Claim::Event(id) => id,
        Claim::OneOfSeveral => Uuid::nil(),
        Claim::Unreported => report_resumed(&*payload),
    };
    forget(payload);
    (!event.is_nil()).then_some(event)
}

/// A payload that was made to be resumed: nobody knows where it comes from.
fn report_resumed(payload: &(dyn Any + Send)) -> Uuid {
    sentry::with_integration(|service: &ServiceIntegration, _| {
        let (id, _) = reporter::report(event(service.panic_type, text(payload), Origin::of(Vec::new())));
        report::log(Level::Fatal, Some(service.panic_type), text(payload), Some(id));
        id
    })
}

/// What a handler or a middleware answered, with our words where it failed.
fn settle<B: MessageBody + 'static>(
    outcome: Result<ServiceResponse<B>, Error>,
    owner: Owner,
    style: Option<AnswerStyle>,
) -> Result<ServiceResponse<Body<B>>, Failed> {
    let failed = |error: &Error| Failed::of("failed", refuse(error, owner, style));
    let response = outcome.map_err(|error| failed(&error))?;
    match response.response().error().map(failed) {
        Some(failed) => Err(failed),
        None => Ok(response.map_body(|_, body| Body::new(body))),
    }
}

/// The JSON answer to any error; our own ones are reported here, and only here.
fn refuse(error: &Error, owner: Owner, style: Option<AnswerStyle>) -> HttpResponse {
    if let Some(failure) = error.as_error::<Failure>() {
        return failure.settle(Failure::report, style);
    }
    let status = error.as_response_error().status_code();
    let failure = Failure::from(ForeignError { status: status.as_u16(), text: error.to_string() });
    let lost = error.as_error::<BlockingError>().map(|_| reported::claim_blocking(owner));
    match lost {
        None | Some(Claim::Unreported) => failure.settle(Failure::report, style),
        // It panicked, and the hook has reported that.
        Some(Claim::Event(id)) => failure.settle(|_| Some(id), style),
        Some(Claim::OneOfSeveral) => failure.settle(|_| None, style),
    }
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

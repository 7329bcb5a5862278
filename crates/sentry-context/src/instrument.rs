//! The one middleware of a service: everything that Sentry needs around its requests, in the only right order.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use actix_web::App;
//! # use sentry_context::{instrument::instrument, sentry::Hub};
//! # fn app(hub: &Arc<Hub>) {
//! App::new().wrap(instrument(hub))
//! # ;}
//! ```
//!
//! From the outside to the inside:
//!
//! 1. The trace, the method and the target of the request are validated.
//! 2. The request gets a hub of its own and a session, and a small JSON body is kept for its events.
//! 3. [`panic_recovery`] begins the transaction, catches panics and errors, and answers them as JSON.
//!
//! A middleware whose failures are the request's, too, is wrapped before this one: the last wrap is the outermost.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use sentry::{ClientOptions, Hub, SentryFutureExt, SessionMode};

use crate::{arrival, panic_recovery};

/// Makes the middleware for services under that hub.
pub fn instrument(hub: &Arc<Hub>) -> Instrument {
    Instrument { hub: Arc::clone(hub) }
}

/// See [`instrument`].
#[derive(Debug, Clone)]
pub struct Instrument {
    hub: Arc<Hub>,
}

impl<S, B> Transform<S, ServiceRequest> for Instrument
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Instrumented<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Instrumented { service: Rc::new(service), hub: Arc::clone(&self.hub) }))
    }
}

/// A service below [`Instrument`].
#[derive(Debug)]
pub struct Instrumented<S> {
    service: Rc<S>,
    hub: Arc<Hub>,
}

impl<S, B> Service<ServiceRequest> for Instrumented<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let hub = Arc::new(Hub::new_from_top(&self.hub));
        if hub.client().is_some_and(|client| has_sessions(client.options())) {
            hub.start_session();
        }
        let service = Rc::clone(&self.service);
        let answered = async move {
            arrival::prepare(&mut request);
            panic_recovery::answered(service, request).await
        };
        Box::pin(answered.bind_hub(hub))
    }
}

fn has_sessions(options: &ClientOptions) -> bool {
    options.auto_session_tracking && options.session_mode == SessionMode::Request
}

//! The middleware: follows a connection from the head of a request to the end of its answer.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, header};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};

use crate::Limits;
use crate::body::{self, Body, Refused};
use crate::connection::{Connection, Phase};

/// Follows the connection. Where a handler reads the body, it reads it as a [`Body`].
pub async fn exchange<B>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<Taken<B>>, Error>
where
    B: MessageBody + Unpin + 'static,
{
    let connection = request.request().conn_data::<Rc<Connection>>().cloned();
    let reported = |phase| connection.iter().for_each(|it| it.enter(phase));
    let is_left_unread = || connection.as_ref().is_some_and(|it| it.is_left_unread());
    reported(Phase::Work);
    let answered = next.call(request).await;
    reported(if is_left_unread() {
        Phase::Closing
    } else if answered.is_err() {
        Phase::Idle
    } else {
        Phase::Answer
    });
    let mut response = answered?;
    if is_left_unread() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| Taken { body, connection }))
}

/// Follows the connection, and reads the body before anything else sees the request: no handler ever waits for a
/// client. A request whose body is refused goes on without one, with a [`Refused`] among its extensions.
pub async fn read_body<B>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Taken<B>>, Error>
where
    B: MessageBody + Unpin + 'static,
{
    if body::is_expected(request.request()) {
        match read(&mut request).await {
            Ok(body) => request.set_payload(Payload::from(body)),
            Err(reason) => {
                request.extensions_mut().insert(reason);
                request.headers_mut().remove(header::CONTENT_LENGTH);
            }
        }
    }
    exchange(request, next).await
}

async fn read(request: &mut ServiceRequest) -> Result<Bytes, Refused> {
    let payload = request.take_payload();
    let connection = request.request().conn_data::<Rc<Connection>>();
    let most = connection.map_or_else(|| Limits::default().body_bytes, |it| it.limits().body_bytes);
    let body = Body::new(request.request(), payload);
    if body::promised(request.request()).is_some_and(|length| length > most) {
        return Err(Refused::TooLarge(most));
    }
    body.collect(most).await
}

/// The body of an answer. When it is dropped, it is taken, or nobody wants it any more.
#[derive(Debug)]
pub struct Taken<B> {
    body: B,
    connection: Option<Rc<Connection>>,
}

impl<B: MessageBody + Unpin> MessageBody for Taken<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl<B> Drop for Taken<B> {
    fn drop(&mut self) {
        self.connection.iter().for_each(|it| it.enter(Phase::Idle));
    }
}

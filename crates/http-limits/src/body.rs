//! A body that arrives in pieces, or not at all.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::{Stream, StreamExt};

use crate::connection::{Connection, Phase};

/// Why there is no complete body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The client took too long.
    Late,
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// What came is not a body: chunks that are none, or an end before the end.
    Broken(String),
}

/// The body of a request, under the watch of its connection.
pub struct Body {
    payload: Payload,
    connection: Option<Rc<Connection>>,
    ended: bool,
}

impl Body {
    /// The body of that request.
    pub fn new(request: &HttpRequest, payload: Payload) -> Self {
        let connection = request.conn_data::<Rc<Connection>>().cloned();
        if let Some(connection) = &connection {
            connection.enter(Phase::Body);
        }
        Self { payload, connection, ended: false }
    }

    /// All of it, if it is no longer than that.
    pub async fn collect(mut self, most: usize) -> Result<Bytes, Refused> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if body.len() + piece.len() > most {
                return Err(Refused::TooLarge(most));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Refused>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(context);
        self.ended = matches!(polled, Poll::Ready(None));
        if let Some(connection) = &self.connection {
            if polled.is_ready() {
                connection.progressed();
            }
            // A body that always has one more byte never waits, and is late all the same.
            if !self.ended && connection.is_late(context) {
                return Poll::Ready(Some(Err(Refused::Late)));
            }
        }
        polled.map(|piece| piece.map(|it| it.map_err(broken)))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.as_ref().filter(|_| !self.ended) {
            connection.leave_unread();
        }
    }
}

fn broken(error: PayloadError) -> Refused {
    Refused::Broken(error.to_string())
}

/// The length that the head promises.
pub(crate) fn promised(request: &HttpRequest) -> Option<usize> {
    let length = request.headers().get(actix_web::http::header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Whether anything may follow the head.
pub(crate) fn is_expected(request: &HttpRequest) -> bool {
    promised(request).is_some_and(|length| length > 0) || request.chunked().unwrap_or(false)
}

//! Bodies that are still made while they are sent. What fails in them is the request's, whose transaction ends with
//! them: the answer's head has long gone, so a failure cuts the connection, as the caller has to see that it is not whole.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use sentry::Hub;

use super::caught::{caught, discard};
use crate::failure::Failure;
use crate::frames::Origin;
use crate::outcome::Pending;
use crate::platform;
use crate::report::{self, Reportable};
use crate::reported::Owner;

type BodyError = Box<dyn StdError>;

/// A body as the boundary hands it on.
pub(super) enum Body<B> {
    /// All of it is there.
    Whole(Bytes),
    /// It is made while it is sent.
    Streamed(Pin<Box<B>>, BodySize),
}

impl<B: MessageBody + 'static> Body<B> {
    /// Asks the body everything that is asked of it before it is sent.
    pub(super) fn new(body: B) -> Self {
        match body.try_into_bytes() {
            Ok(bytes) => Self::Whole(bytes),
            Err(body) => {
                let size = body.size();
                Self::Streamed(Box::pin(body), size)
            }
        }
    }

    /// Ends the request with its body. `bodiless` says that none is sent, as for HEAD.
    pub(super) fn send(self, pending: Pending, status: u16, bodiless: bool) -> BoxBody {
        match self {
            Self::Whole(bytes) => {
                pending.answered(status);
                BoxBody::new(bytes)
            }
            Self::Streamed(body, size) => {
                let hub = Arc::new(Hub::new_from_top(Hub::current()));
                let owner = pending.owner;
                let unsent = bodiless || matches!(size, BodySize::None | BodySize::Sized(0));
                let pending = if unsent {
                    pending.answered(status);
                    None
                } else {
                    Some(pending)
                };
                BoxBody::new(Streamed { body: Some(body), size, hub, owner, pending, status })
            }
        }
    }
}

struct Streamed<B> {
    body: Option<Pin<Box<B>>>,
    size: BodySize,
    /// As the request knew it all when its handler was through.
    hub: Arc<Hub>,
    owner: Owner,
    pending: Option<Pending>,
    status: u16,
}

impl<B: MessageBody> MessageBody for Streamed<B> {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let this = self.get_mut();
        let hub = Arc::clone(&this.hub);
        Hub::run(hub, || this.next(context))
    }
}

impl<B: MessageBody> Streamed<B> {
    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let mut polled = Ok(Poll::Pending);
        platform::current().attribute(&self.hub, &mut || {
            polled = caught(|| {
                body.as_mut().poll_next(context).map(|next| next.map(|chunk| chunk.map_err(Into::into)))
            });
        });
        match polled {
            Ok(Poll::Ready(Some(Ok(chunk)))) => Poll::Ready(Some(Ok(chunk))),
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(None)) => {
                self.end(Pending::answered);
                Poll::Ready(None)
            }
            Ok(Poll::Ready(Some(Err(error)))) => {
                if let Err(payload) = caught(|| report(&*error)) {
                    super::unwound(self.owner, payload);
                }
                self.end(Pending::broken_off);
                Poll::Ready(Some(Err(error)))
            }
            Err(payload) => {
                super::unwound(self.owner, payload);
                self.end(Pending::broken_off);
                Poll::Ready(Some(Err("the body panicked while it was sent".into())))
            }
        }
    }

    fn end(&mut self, how: fn(Pending, u16)) {
        discard(self.body.take(), &self.hub);
        if let Some(pending) = self.pending.take() {
            how(pending, self.status);
        }
    }
}

impl<B> Drop for Streamed<B> {
    fn drop(&mut self) {
        discard(self.body.take(), &self.hub);
    }
}

/// The event of a body that ended in an error: the error's own, where it has one.
fn report(error: &(dyn StdError + 'static)) {
    let failure = error.downcast_ref::<Error>().and_then(|error| error.as_error::<Failure>());
    match failure {
        Some(failure) => failure.capture(),
        None => report::capture(&BrokenOff { text: report::whole_text(error) }, &Origin::capture()),
    };
}

/// A body that ended before it was whole.
#[derive(Debug, thiserror::Error)]
#[error("the body of an answer broke off: {text}")]
struct BrokenOff {
    text: String,
}

impl Reportable for BrokenOff {
    fn type_name(&self) -> &'static str {
        "BodyError"
    }
}

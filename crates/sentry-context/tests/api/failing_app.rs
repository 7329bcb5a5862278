//! A service that fails in every place where the code of a service runs.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse, HttpServer, Responder};
use fixtures::app;
use inbox::Inbox;
use sentry_context::client::{self, Delivery};
use sentry_context::failure::{AnswerStyle, Failure};
use sentry_context::instrument::instrument;
use sentry_context::report::Reportable;
use sentry_context::sentry::{self, Hub};
use sentry_context::{Facts, facts, spawn};

use crate::helpers::config;

/// Starts it with one worker, so that all its requests share a thread.
pub(crate) async fn start() -> (app::App, Arc<Hub>) {
    let inbox = Inbox::start().await.unwrap();
    let hub = client::hub(&config(&inbox.dsn(), Delivery::default()));
    let service = web::Data::from(Arc::clone(&hub));
    let client = Arc::clone(&hub);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .app_data(AnswerStyle(|body| assert!(!body.contains_key("unstyled"), "in the style")))
            .route("/jobs/{how}/{text}", web::get().to(work))
            .route("/body/{how}", web::get().to(body))
            .route("/error/{asked}", web::get().to(error))
            .route("/extractor", web::get().to(|_: Extractor| async { HttpResponse::Ok().finish() }))
            .route("/responder", web::get().to(|| async { Responds }))
            .route("/destructor", web::get().to(destructor))
            .route("/payload/{kind}", web::get().to(payload))
            .route("/processor/{then}", web::get().to(processor))
            .service(web::resource("/middleware").wrap(from_fn(middleware)).get(HttpResponse::Ok))
            .wrap(instrument(&hub))
    });
    // On a busy machine, a request takes longer to arrive than the default of five seconds.
    let server = server.client_request_timeout(Duration::from_secs(300));
    let server = server.workers(1).h1_allow_half_closed(false).bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (app::App::new(url, inbox), client)
}

#[derive(Debug, thiserror::Error)]
#[error("work was lost")]
struct WorkLost(#[source] tokio::task::JoinError);

impl Reportable for WorkLost {
    fn type_name(&self) -> &'static str {
        "WorkLost"
    }
}

/// Work beside the request that panics, or a payload that no panic made.
async fn work(path: web::Path<(String, String)>, service: web::Data<Hub>) -> Result<HttpResponse, Error> {
    let (how, text) = path.into_inner();
    let bare = Hub::new_from_top(service.into_inner());
    match how.as_str() {
        "left-alone" => drop(spawn::task(async move { panic!("{text}") }).await),
        "never-panicked" => std::panic::resume_unwind(Box::new(text)),
        "blocking-lost" => {
            spawn::blocking(move || panic!("{text}")).await.map_err(|lost| Failure::from(WorkLost(lost)))?
        }
        "blocking-resumed" => {
            let lost = spawn::blocking(move || panic!("{text}")).await.unwrap_err();
            std::panic::resume_unwind(lost.into_panic())
        }
        // Whoever does not bind the hub has the service's there, which knows no request.
        "thread-resumed" => {
            let joined = std::thread::spawn(|| Hub::run(Arc::new(bare), move || panic!("{text}"))).join();
            tokio::time::sleep(Duration::from_millis(1)).await;
            std::panic::resume_unwind(joined.unwrap_err())
        }
        "literal-resumed" => {
            let joined = std::thread::spawn(|| Hub::run(Arc::new(bare), || panic!("a literal"))).join();
            std::panic::resume_unwind(joined.unwrap_err())
        }
        // Tests run side by side: of one literal that several requests panic with, nobody knows whose it is.
        "other-literal-resumed" => {
            let joined = std::thread::spawn(|| Hub::run(Arc::new(bare), || panic!("another literal"))).join();
            std::panic::resume_unwind(joined.unwrap_err())
        }
        _ => web::block(|| Hub::run(Arc::new(bare), move || panic!("{text}"))).await?,
    };
    Ok(HttpResponse::Ok().finish())
}

/// A body of some pieces, which fails in that way after the first.
struct Pieces {
    how: String,
    sent: usize,
}

impl MessageBody for Pieces {
    type Error = Error;

    fn size(&self) -> BodySize {
        if self.how == "size" { panic!("in the size of a body") } else { BodySize::Stream }
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        self.sent += 1;
        if self.sent == 2 {
            // What is there is sent first.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match (self.sent, self.how.as_str()) {
            (1, _) => Some(Ok(Bytes::from_static(b"a piece"))),
            (_, "panic") => panic!("in a body"),
            (_, "error") => Some(Err(std::io::Error::other("the source of a body is gone").into())),
            (_, "failure") => Some(Err(Failure::from(Asked("nothing")).into())),
            _ => None,
        })
    }
}

async fn body(how: web::Path<String>) -> HttpResponse<Pieces> {
    HttpResponse::Ok().message_body(Pieces { how: how.into_inner(), sent: 0 }).unwrap()
}

/// Panics when it is asked for this.
#[derive(Debug)]
struct Asked(&'static str);

impl Asked {
    fn panics(&self, asked: &str) {
        assert!(self.0 != asked, "asked for its {asked}");
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.panics("text");
        f.write_str("an error that is asked")
    }
}

impl std::error::Error for Asked {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.panics("source");
        None
    }
}

impl Reportable for Asked {
    fn type_name(&self) -> &'static str {
        self.panics("type");
        "Asked"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        self.panics("context");
        None
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        self.panics("tags");
        Vec::new()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.panics("headers");
        vec![("No Header Has Blanks", "which is left out".to_owned())]
    }

    fn answer(&self) -> Facts {
        self.panics("answer");
        if self.0 == "style" { facts([("unstyled", true.into())]) } else { Facts::new() }
    }

    fn status(&self) -> u16 {
        self.panics("status");
        500
    }
}

async fn error(asked: web::Path<String>) -> Result<HttpResponse, Failure> {
    const ALL: [&str; 9] =
        ["text", "source", "type", "context", "tags", "headers", "answer", "status", "style"];
    Err(Asked(ALL.iter().find(|it| **it == *asked).unwrap_or(&"nothing")).into())
}

struct Extractor;

impl FromRequest for Extractor {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        panic!("in an extractor")
    }
}

struct Responds;

impl Responder for Responds {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        panic!("in a responder")
    }
}

async fn middleware<B: MessageBody>(_: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, Error> {
    panic!("in a middleware")
}

struct PanicsAtItsEnd;

impl Drop for PanicsAtItsEnd {
    fn drop(&mut self) {
        panic!("in a destructor")
    }
}

/// Waits until its caller hangs up, if that is asked for.
async fn destructor(request: HttpRequest) -> HttpResponse {
    let _at_its_end = PanicsAtItsEnd;
    if request.query_string() == "wait" {
        sentry::capture_message("it waits", sentry::Level::Info);
        std::future::pending::<()>().await;
    }
    HttpResponse::Ok().finish()
}

async fn payload(kind: web::Path<String>) -> HttpResponse {
    match kind.as_str() {
        "number" => std::panic::panic_any(42),
        _ => std::panic::panic_any(PanicsAtItsEnd),
    }
}

/// Fails if an event processor fails as well, with every event that it is given.
async fn processor(then: web::Path<String>) -> Result<HttpResponse, Failure> {
    sentry::configure_scope(|scope| {
        scope.add_event_processor(|_| panic!("in an event processor"));
    });
    if *then == "panic" {
        panic!("before an event processor")
    }
    ready(Err(Asked("nothing").into())).await
}

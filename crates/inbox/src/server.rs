//! The HTTP side: a thread with its own actix system, and the endpoint that Sentry clients send to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{ServerHandle, Service};
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use http_limits::Limits;
use reqwest::Url;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::forward::Forward;
use crate::hosts::{self, AllowedHosts};
use crate::refusal::{refusal, takes};
use crate::store::{Accepted, Store};
use crate::upload::{self, BadUpload, Uploads};
use crate::{Answer, StartError, api, page, profiles};

/// Envelopes are longer than the bodies of other requests, and answers are, too.
fn limits() -> Limits {
    let minute = Duration::from_secs(60);
    Limits { body: minute, answer: minute, ..Limits::default() }
}

/// Longest name of a project: Sentry's are numbers.
const MAX_PROJECT: usize = 64;

/// Most reasons that an answer lists.
const MAX_REASONS: usize = 20;

type SharedAnswer = web::Data<Mutex<Answer>>;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running {
    addr: SocketAddr,
    handle: ServerHandle,
    answer: SharedAnswer,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) async fn start(
        addr: SocketAddr,
        store: Arc<Store>,
        answer: Answer,
        (forward, hosts): (Option<Url>, AllowedHosts),
    ) -> Result<Self, StartError> {
        let (started, bound) = oneshot::channel();
        let answer = web::Data::new(Mutex::new(answer));
        let shared = answer.clone();
        let serve = move || {
            actix_web::rt::System::new().block_on(async {
                match bind(addr, store, shared, forward, hosts) {
                    Ok((addr, server)) => {
                        // Nobody waits any more: nobody could stop it either.
                        if started.send(Ok((addr, server.handle()))).is_err() {
                            return;
                        }
                        if let Err(error) = server.await {
                            tracing::error!(%error, "the inbox stopped");
                        }
                    }
                    Err(source) => drop(started.send(Err(source))),
                }
            });
        };
        let thread =
            std::thread::Builder::new().name("inbox".to_owned()).spawn(serve).map_err(StartError::Thread)?;
        let ended = |_| Err(std::io::Error::other("its thread ended"));
        let bound = bound.await.unwrap_or_else(ended);
        let (addr, handle) = bound.map_err(|source| StartError::Bind { addr, source })?;
        Ok(Self { addr, handle, answer, thread: Some(thread) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn set_answer(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent by the call; the future would only wait for its end, which the join does.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bind(
    addr: SocketAddr,
    store: Arc<Store>,
    answer: SharedAnswer,
    forward: Option<Url>,
    hosts: AllowedHosts,
) -> std::io::Result<(SocketAddr, actix_web::dev::Server)> {
    let store = web::Data::from(store);
    let forward = forward.map(Forward::start).transpose().map_err(std::io::Error::other)?;
    let (forward, hosts) = (web::Data::new(forward), web::Data::new(hosts));
    let (limits, connections) = (limits(), http_limits::max_connections(1));
    let uploads = Uploads::default();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(store.clone())
            .app_data(answer.clone())
            .app_data(forward.clone())
            .app_data(web::Data::new(uploads.clone()))
            .service(
                web::resource(["/api/{project}/envelope", "/api/{project}/envelope/"])
                    .post(receive)
                    .default_service(takes("POST")),
            )
            .app_data(hosts.clone())
            .configure(api::routes)
            .configure(profiles::api::routes)
            .configure(page::routes)
            .default_service(web::to(nothing))
            .wrap(from_fn(hosts::guard))
            .wrap_fn(|mut request, app| {
                // Answered as GET; the server leaves out the body, since the caller asked for none.
                if request.method() == Method::HEAD {
                    request.head_mut().method = Method::GET;
                }
                app.call(request)
            })
            .wrap(from_fn(http_limits::exchange))
    })
    // Receiving is parsing: one worker keeps up with what a machine can crash, and leaves it the other cores.
    .workers(1)
    .max_connections(connections)
    .on_connect(limits.on_connect(connections))
    .keep_alive(limits.idle)
    .client_request_timeout(limits.actix_head())
    .disable_signals()
    .bind(addr)?;
    let addr = server.addrs().first().copied().unwrap_or(addr);
    Ok((addr, server.run()))
}

async fn nothing() -> HttpResponse {
    refusal(StatusCode::NOT_FOUND, "there is nothing at this path")
}

/// Takes an envelope from any client: keys are not looked at.
async fn receive(
    request: HttpRequest,
    project: web::Path<String>,
    payload: web::Payload,
    store: web::Data<Store>,
    uploads: web::Data<Uploads>,
    answer: SharedAnswer,
    forward: web::Data<Option<Forward>>,
) -> HttpResponse {
    let body = upload::receive(&request, payload.into_inner(), &uploads).await;
    let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut response = match StatusCode::from_u16(answer.status).unwrap_or_default() {
        status if status.is_success() => {
            accept(&request, &project, body, (&store, forward.as_ref().as_ref()), status)
        }
        status => {
            let reason = "the inbox is set to answer so";
            store.refuse(&project, reason);
            refusal(status, reason)
        }
    };
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    response
}

fn accept(
    request: &HttpRequest,
    project: &str,
    body: Result<web::Bytes, BadUpload>,
    (store, forward): (&Store, Option<&Forward>),
    status: StatusCode,
) -> HttpResponse {
    let refuse = |status, reason: &str| {
        store.refuse(project, reason);
        refused(project, status, reason)
    };
    if forward.is_some_and(|forward| forward.is_own(request.headers())) {
        return refuse(StatusCode::LOOP_DETECTED, "INBOX_FORWARD_URL leads back to this inbox");
    }
    if project.len() > MAX_PROJECT {
        return refuse(StatusCode::NOT_FOUND, "a project is a number");
    }
    let body = match body {
        Ok(body) => body,
        Err(bad) => {
            let mut answer = refuse(bad.status(), &bad.to_string());
            if matches!(bad, BadUpload::Busy) {
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            return answer;
        }
    };
    match store.accept(project, body.clone()) {
        Ok(Accepted { event_id, refused }) => {
            if let Some(forward) = forward {
                forward.copy(request, project, &body);
            }
            let reasons: Vec<_> = refused.iter().take(MAX_REASONS).map(ToString::to_string).collect();
            if let Some(reason) = reasons.first() {
                tracing::warn!(project, items = refused.len(), reason, "items were refused");
            }
            HttpResponse::build(status).json(Receipt { id: event_id, refused: reasons })
        }
        Err(bad) => {
            let large = bad.is_too_large();
            let status = if large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            refused(project, status, &bad.to_string())
        }
    }
}

/// The answer to an envelope, as Sentry gives it; the reasons are ours.
#[derive(Debug, Serialize)]
struct Receipt {
    id: Option<String>,
    /// Why items were not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

fn refused(project: &str, status: StatusCode, reason: &str) -> HttpResponse {
    tracing::warn!(project, reason, "an envelope was refused");
    refusal(status, reason)
}

//! The HTTP side: a thread with its own actix system.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{ServerHandle, Service};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use http_limits::Limits;
use reqwest::Url;
use tokio::sync::oneshot;

use crate::answer::SharedAnswer;
use crate::forward::Forward;
use crate::hosts::{self, AllowedHosts};
use crate::ingest::{self, Listeners};
use crate::page::{self, Additions};
use crate::store::Store;
use crate::upload::Uploads;
use crate::{Answer, StartError, api, as_sent, profiles, timestamp};

/// Envelopes are longer than the bodies of other requests, and answers are, too.
fn limits() -> Limits {
    let minute = Duration::from_secs(60);
    Limits { body: minute, answer: minute, ..Limits::default() }
}

/// How often late jobs are looked for.
const TICK: Duration = Duration::from_secs(1);

/// What the server is started with once, beside its address.
pub(crate) struct Settings {
    pub(crate) forward: Option<Url>,
    pub(crate) hosts: AllowedHosts,
    pub(crate) page: Additions,
}

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
        settings: Settings,
    ) -> Result<Self, StartError> {
        let (started, bound) = oneshot::channel();
        let answer = web::Data::new(Mutex::new(answer));
        let shared = answer.clone();
        let serve = move || {
            actix_web::rt::System::new().block_on(async {
                actix_web::rt::spawn(pass_time(Arc::clone(&store)));
                match bind(addr, store, shared, settings) {
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

/// Nothing arrives when a job does not check in: somebody has to look.
async fn pass_time(store: Arc<Store>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        store.pass_time(timestamp::now());
    }
}

fn bind(
    addr: SocketAddr,
    store: Arc<Store>,
    answer: SharedAnswer,
    Settings { forward, hosts, page }: Settings,
) -> std::io::Result<(SocketAddr, actix_web::dev::Server)> {
    let store = web::Data::from(store);
    let forward = forward.map(Forward::start).transpose().map_err(std::io::Error::other)?;
    let (forward, hosts) = (web::Data::new(forward), web::Data::new(hosts));
    let (limits, connections) = (limits(), http_limits::max_connections(1));
    let (uploads, listeners) = (Uploads::default(), Listeners::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(store.clone())
            .app_data(answer.clone())
            .app_data(forward.clone())
            .app_data(web::Data::new(uploads.clone()))
            .app_data(web::Data::new(listeners.clone()))
            .configure(ingest::routes)
            .app_data(hosts.clone())
            .configure(api::routes)
            .configure(as_sent::routes)
            .configure(profiles::api::routes)
            .configure(|app| page.configure(app))
            .default_service(web::to(page::elsewhere))
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

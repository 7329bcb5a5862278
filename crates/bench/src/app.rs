//! The service under test: the same three handlers behind three sets of middleware.

use std::borrow::Cow;
use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, ResponseError, web};
use clap::ValueEnum;
use sentry_context::client::{self, Config, Service};
use sentry_context::failure::Failure;
use sentry_context::instrument::instrument;
use sentry_context::report::{Reportable, Traced};
use sentry_native::stall::{self, Watchdog};

use crate::Error;

/// What stands around the handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Variant {
    /// Nothing.
    Bare,
    /// `sentry` and `sentry-actix` as their documentation sets them up, no request traced: what is there at least.
    Untraced,
    /// The same, every request traced.
    Stock,
    /// `sentry-context`, every request traced, everything on.
    Ours,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bare => "bare",
            Self::Untraced => "untraced",
            Self::Stock => "stock",
            Self::Ours => "ours",
        })
    }
}

static SERVICE: Service = Service {
    name: "bench",
    release_name: "bench",
    in_app: &["bench"],
    panic_type: "Panic",
    fingerprint_rules: "error.type:BadStake -> {{ error.type }}, {{ transaction }}\n",
    platform: &sentry_native::Native,
};

/// Serves until it is asked to stop. Its first line on standard output is its address.
pub(crate) fn serve(variant: Variant, workers: usize) -> Result<(), Error> {
    match variant {
        Variant::Bare => bare(workers),
        Variant::Untraced => stock(workers, 0.0),
        Variant::Stock => stock(workers, 1.0),
        Variant::Ours => ours(workers),
    }
}

fn bare(workers: usize) -> Result<(), Error> {
    run(|socket| Ok(HttpServer::new(|| App::new().configure(routes)).workers(workers).listen(socket)?.run()))
}

fn stock(workers: usize, traces_sample_rate: f32) -> Result<(), Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = sentry::ClientOptions::new()
        .release(Cow::Borrowed("bench@1.0.0"))
        .traces_sample_rate(traces_sample_rate)
        .session_mode(sentry::SessionMode::Request)
        .auto_session_tracking(true);
    let _sentry = sentry::init(options);
    let middleware = || sentry_actix::Sentry::builder().start_transaction(true).finish();
    let app = move || App::new().configure(routes).wrap(middleware());
    run(|socket| Ok(HttpServer::new(app).workers(workers).listen(socket)?.run()))
}

fn ours(workers: usize) -> Result<(), Error> {
    sentry_context::logs::init(SERVICE.name).map_err(std::io::Error::other)?;
    let config = Config::from_env(&SERVICE).map_err(std::io::Error::other)?;
    let sentry = client::init(config);
    let hub = sentry.hub();
    let watchdog = Watchdog::start(stall::THRESHOLD, Arc::clone(&hub));
    let app = move || {
        watchdog.watch_this_worker();
        App::new().configure(reported_routes).wrap(instrument(&hub))
    };
    run(|socket| Ok(HttpServer::new(app).workers(workers).listen(socket)?.run()))?;
    sentry.finish();
    Ok(())
}

/// Computes with that many threads until it is asked to stop.
pub(crate) fn compute(threads: usize) -> Result<(), Error> {
    let config = Config::from_env(&SERVICE).map_err(std::io::Error::other)?;
    let sentry = client::init(config);
    for _ in 0..threads {
        std::thread::spawn(|| {
            loop {
                rank(std::hint::black_box(&[3.5, 1.25, 2.0]));
            }
        });
    }
    bare(1)?;
    sentry.finish();
    Ok(())
}

/// Work with a stack of some depth, in this program and in a library.
#[inline(never)]
fn rank(stakes: &[f64]) -> Option<Vec<f64>> {
    let text = serde_json::to_string(stakes).ok()?;
    let mut stakes: Vec<f64> = serde_json::from_str(&text).ok()?;
    stakes.sort_by(f64::total_cmp);
    std::hint::black_box(Some(stakes))
}

fn run(serve: impl FnOnce(TcpListener) -> std::io::Result<Server>) -> Result<(), Error> {
    actix_web::rt::System::new().block_on(async {
        let socket = TcpListener::bind("127.0.0.1:0")?;
        crate::child::tell_address(socket.local_addr()?);
        Ok(serve(socket)?.await?)
    })
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/plain/{user}").get(plain))
        .service(web::resource("/error/{user}").get(error))
        .service(web::resource("/panic/{user}").get(panic));
}

fn reported_routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/plain/{user}").get(plain))
        .service(web::resource("/error/{user}").get(reported_error))
        .service(web::resource("/panic/{user}").get(panic));
}

async fn plain(user: web::Path<String>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "user": *user, "balance": 1000 }))
}

async fn error() -> Result<HttpResponse, BadStake> {
    Ok(HttpResponse::Ok().json(stake("ten")?))
}

async fn reported_error() -> Result<HttpResponse, Failure> {
    let stake = stake("ten").map_err(Traced::from)?;
    Ok(HttpResponse::Ok().json(stake))
}

async fn panic() -> HttpResponse {
    let symbols = ["cherry", "lemon"];
    HttpResponse::Ok().body(symbols[std::hint::black_box(7)])
}

fn stake(text: &str) -> Result<f64, BadStake> {
    text.parse().map_err(|source| BadStake { source })
}

#[derive(Debug, thiserror::Error)]
#[error("the stake is not a number")]
struct BadStake {
    source: std::num::ParseFloatError,
}

impl ResponseError for BadStake {}

impl Reportable for BadStake {
    fn type_name(&self) -> &'static str {
        "BadStake"
    }
}

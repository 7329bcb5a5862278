//! The HTTP server from bind to drain.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpServer};
use http_limits::Limits;
use sentry_context::instrument::instrument;
use sentry_context::process::{GRACE, Stop};
use sentry_context::sentry::Hub;
use sentry_native::stall::Watchdog;

use crate::Settings;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on HOST={} PORT={}: {source}", address.ip(), address.port())]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

/// A bound server.
pub struct Server {
    address: SocketAddr,
    running: actix_web::dev::Server,
}

impl Server {
    /// Binds the address of the settings. Each worker makes an `app`; requests are served once [`Server::run`] or
    /// [`Server::run_until`] is polled.
    pub fn bind<T, B>(
        settings: &Settings,
        hub: Arc<Hub>,
        app: impl Fn(&Arc<Hub>) -> App<T> + Clone + Send + 'static,
    ) -> Result<Self, BindError>
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        B: MessageBody + Unpin + 'static,
    {
        let watchdog = Watchdog::start(settings.sentry.stall_threshold, Arc::clone(&hub));
        let workers = settings.workers();
        let (limits, connections) = (Limits::default(), http_limits::max_connections(workers));
        let server = HttpServer::new(move || {
            watchdog.watch_this_worker();
            app(&hub).wrap(from_fn(http_limits::read_body))
        })
        .workers(workers)
        .max_connections(connections)
        .on_connect(limits.on_connect(connections))
        .keep_alive(limits.idle)
        .client_request_timeout(limits.actix_head())
        // A caller that hangs up ends its handler: no work goes on for nobody.
        .h1_allow_half_closed(false)
        // The process takes signals, and ends in time.
        .disable_signals()
        .shutdown_timeout(GRACE.as_secs());
        let wanted = SocketAddr::new(settings.host, settings.port);
        let server = server.bind(wanted).map_err(|source| BindError { address: wanted, source })?;
        let address = server.addrs().first().copied().unwrap_or(wanted);
        Ok(Self { address, running: server.run() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the server is dropped.
    pub async fn run(self) -> std::io::Result<()> {
        self.running.await
    }

    /// Serves until the process is asked to stop, then drains.
    pub async fn run_until(self, stop: &Stop) -> std::io::Result<()> {
        stop.serve(self.running).await
    }
}

/// The app within the middleware that every service has.
pub fn instrumented<T, B>(
    app: App<T>,
    hub: &Arc<Hub>,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>
    + use<T, B>,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    app.wrap(from_fn(scenario::refuse_bodies)).wrap(instrument(hub))
}

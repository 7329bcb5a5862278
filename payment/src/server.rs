//! The server: bound, asked for its address, run until it is asked to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use broker::Publisher;
use database::Database;
use http_limits::Limits;
use scenario::WorkerBlocks;
use sentry_context::instrument::instrument;
use sentry_context::process::{GRACE, Stop};
use sentry_context::sentry::Hub;
use sentry_native::stall::Watchdog;

use crate::business::success_rate::SuccessRate;
use crate::domain::fraud::Scorings;
use crate::domain::processor::Processor;
use crate::domain::receipts::ReceiptArchive;
use crate::domain::unconfirmed::Unconfirmed;
use crate::routes;
use crate::settings::Settings;

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
    /// Binds; requests are served once [`Server::run`] is polled.
    pub fn bind(
        settings: &Settings,
        hub: Arc<Hub>,
        database: Database,
        unconfirmed: Unconfirmed,
        publisher: Publisher,
    ) -> Result<Self, BindError> {
        let guards = settings.guards.clone();
        let database = web::Data::new(database);
        let unconfirmed = web::Data::new(unconfirmed);
        let publisher = web::Data::new(publisher);
        let processor = web::Data::new(Processor::new(settings.error_rate));
        let archive = web::Data::new(ReceiptArchive::new(settings.memory_leak_limit_mb));
        let crash_child = web::Data::from(Arc::clone(&settings.crash_child));
        let success_rate = web::Data::new(SuccessRate::default());
        let scorings = web::Data::new(Scorings::default());
        let workers = settings.workers.unwrap_or_else(http_limits::workers);
        let blocks = web::Data::new(WorkerBlocks::new(workers));
        let watchdog = Watchdog::start(settings.sentry.stall_threshold, Arc::clone(&hub));
        let mut server = HttpServer::new(move || {
            watchdog.watch_this_worker();
            App::new()
                .app_data(database.clone())
                .app_data(unconfirmed.clone())
                .app_data(publisher.clone())
                .app_data(processor.clone())
                .app_data(archive.clone())
                .app_data(scorings.clone())
                .app_data(blocks.clone())
                .app_data(success_rate.clone())
                .app_data(crash_child.clone())
                .configure(|app| routes::configure(app, &guards))
                .wrap(from_fn(scenario::refuse_bodies))
                .wrap(instrument(&hub))
                .wrap(from_fn(http_limits::read_body))
        })
        // A caller that hangs up ends its handler: nothing goes on for nobody.
        .h1_allow_half_closed(false)
        // The process takes signals, and ends in time.
        .disable_signals()
        .shutdown_timeout(GRACE.as_secs());
        let (limits, connections) = (Limits::default(), http_limits::max_connections(workers));
        server = server
            .workers(workers)
            .max_connections(connections)
            .on_connect(limits.on_connect(connections))
            .keep_alive(limits.idle)
            .client_request_timeout(limits.actix_head());
        let wanted = SocketAddr::new(settings.host, settings.port);
        let failed = |source| BindError { address: wanted, source };
        let server = server.bind(wanted).map_err(failed)?;
        let address = server.addrs().first().copied().unwrap_or(wanted);
        Ok(Self { address, running: server.run() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves for ever.
    pub async fn run(self) -> std::io::Result<()> {
        self.running.await
    }

    /// Serves until the process is asked to end, then drains.
    pub async fn run_until(self, stop: &Stop) -> std::io::Result<()> {
        stop.serve(self.running).await
    }
}

//! The server: bound, asked for its address, run until it is asked to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use broker::Publisher;
use database::Database;
use http_limits::Limits;
use sentry_context::instrument::instrument;
use sentry_context::process::{GRACE, Stop};
use sentry_context::sentry::Hub;
use sentry_native::stall::Watchdog;

use crate::domain::replay_cache::ReplayCache;
use crate::domain::simulation::Simulations;
use crate::domain::unstored::GameStore;
use crate::routes;
use crate::settings::Settings;

/// How long games that wait for the database may take once nobody is served any more.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

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
    games: GameStore,
    running: actix_web::dev::Server,
}

impl Server {
    /// Binds; requests are served once [`Server::run`] is polled.
    pub fn bind(
        settings: &Settings,
        hub: Arc<Hub>,
        database: Database,
        publisher: Publisher,
    ) -> Result<Self, BindError> {
        let guards = settings.guards.clone();
        let games = GameStore::start(database, &hub);
        let (store, publisher) = (web::Data::new(games.clone()), web::Data::new(publisher));
        let simulations = web::Data::new(Simulations::default());
        let cache = web::Data::new(ReplayCache::new(settings.memory_leak_limit_mb));
        let watchdog = Watchdog::start(settings.sentry.stall_threshold, Arc::clone(&hub));
        let mut server = HttpServer::new(move || {
            watchdog.watch_this_worker();
            App::new()
                .app_data(cache.clone())
                .app_data(store.clone())
                .app_data(publisher.clone())
                .app_data(simulations.clone())
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
        let workers = settings.workers.unwrap_or_else(http_limits::workers);
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
        Ok(Self { address, games, running: server.run() })
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
        stop.serve(self.running).await?;
        let lost = self.games.finish(STORE_TIMEOUT).await;
        if lost > 0 {
            tracing::error!(lost, "games were not stored: no database was reached");
        }
        Ok(())
    }
}

//! The game engine: its state, and its server from bind to drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use broker::Publisher;
use database::Database;
use sentry_context::process::Stop;
use sentry_context::sentry::Hub;
use service::{Server, StartError, instrumented};

use crate::domain::replay_cache::ReplayCache;
use crate::domain::simulation::Simulations;
use crate::domain::unstored::GameStore;
use crate::routes;
use crate::settings::Settings;

/// How long games that wait for the database may take once no request is served any more.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// The game engine, bound to its address.
pub struct Application {
    server: Server,
    games: GameStore,
    publisher: Publisher,
}

impl Application {
    /// Starts what works beside the requests, and binds the address. Waits for no database and no broker.
    pub async fn build(settings: &Settings, hub: Arc<Hub>) -> Result<Self, StartError> {
        let shared = &settings.shared;
        let database = Database::connect(shared.mongodb_url.as_deref(), &shared.database).await?;
        let publisher = Publisher::start(shared.rabbitmq.clone(), &hub);
        let games = GameStore::start(database, &hub);
        let state = (
            web::Data::new(games.clone()),
            web::Data::new(publisher.clone()),
            web::Data::new(Simulations::default()),
            web::Data::new(ReplayCache::new(settings.memory_leak_limit_mb)),
        );
        let guards = shared.guards.clone();
        let app = move |hub: &Arc<Hub>| {
            let (games, publisher, simulations, cache) = state.clone();
            let app = App::new().app_data(games).app_data(publisher).app_data(simulations).app_data(cache);
            instrumented(app.configure(|app| routes::configure(app, &guards)), hub)
        };
        let server = Server::bind(shared, hub, app)?;
        Ok(Self { server, games, publisher })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Serves for ever.
    pub async fn run(self) -> std::io::Result<()> {
        self.server.run().await
    }

    /// Serves until the process is asked to end, then drains: requests first, then games, then messages.
    pub async fn run_until(self, stop: &Stop) -> std::io::Result<()> {
        self.server.run_until(stop).await?;
        let lost = self.games.finish(STORE_TIMEOUT).await;
        if lost > 0 {
            tracing::error!(lost, "games were not stored: no database was reached");
        }
        let lost = self.publisher.finish(stop.time_to_publish()).await;
        if lost > 0 {
            tracing::warn!(lost, "not all messages reached RabbitMQ in time");
        }
        Ok(())
    }
}

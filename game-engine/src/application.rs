//! The game engine: its state, and its server from bind to drain.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use broker::Publisher;
use database::Database;
use sentry_context::process::Stop;
use sentry_context::sentry::Hub;
use service::{Application, Server, StartError, instrumented, publish_rest};

use crate::domain::replay_cache::ReplayCache;
use crate::domain::rolling::Rolling;
use crate::domain::simulation::Simulations;
use crate::domain::unstored::GameStore;
use crate::routes;
use crate::settings::Settings;

/// How long games that wait for the database may take once no request is served any more.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts what works beside the requests, and binds the address. Waits for no database and no broker.
pub async fn build(
    settings: &Settings,
    hub: Arc<Hub>,
) -> Result<Application<impl AsyncFnOnce(&Stop) + use<>>, StartError> {
    let shared = &settings.shared;
    let database = Database::connect(shared.mongodb_url.as_deref(), &shared.database).await?;
    let publisher = Publisher::start(shared.rabbitmq.clone(), &hub);
    let games = GameStore::start(database, &hub);
    let state = (
        web::Data::new(games.clone()),
        web::Data::new(publisher.clone()),
        web::Data::new(settings.flags),
        web::Data::new(Rolling::default()),
    );
    let faults = (
        web::Data::new(Simulations::default()),
        web::Data::new(ReplayCache::new(settings.memory_leak_limit_mb)),
    );
    let guards = shared.guards.clone();
    let app = move |hub: &Arc<Hub>| {
        let (games, publisher, flags, rolling) = state.clone();
        let (simulations, cache) = faults.clone();
        let app = App::new()
            .app_data(games)
            .app_data(publisher)
            .app_data(flags)
            .app_data(rolling)
            .app_data(simulations)
            .app_data(cache);
        instrumented(app.configure(|app| routes::configure(app, &guards)), hub)
    };
    // First the games, then the messages.
    Ok(Application::new(Server::bind(shared, hub, app)?, async move |stop: &Stop| {
        let lost = games.finish(STORE_TIMEOUT).await;
        if lost > 0 {
            tracing::error!(lost, "games were not stored: no database was reached");
        }
        publish_rest(&publisher, stop).await;
    }))
}

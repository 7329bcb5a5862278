//! Payment: its state, and its server from bind to drain.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use broker::Publisher;
use scenario::WorkerBlocks;
use sentry_context::process::Stop;
use sentry_context::sentry::Hub;
use service::{Application, Server, StartError, instrumented, publish_rest};

use crate::business::success_rate::SuccessRate;
use crate::domain::fraud::Scorings;
use crate::domain::ledger::Ledger;
use crate::domain::processor::Processor;
use crate::domain::receipts::ReceiptArchive;
use crate::settings::Settings;
use crate::{provider, routes, upkeep};

/// How long unconfirmed payments may take once no request is served any more.
const UNCONFIRMED_TIMEOUT: Duration = Duration::from_secs(2);

/// Starts what works beside the requests, and binds the address. Waits for no database and no broker.
pub async fn build(
    settings: &Settings,
    hub: Arc<Hub>,
) -> Result<Application<impl AsyncFnOnce(&Stop) + use<>>, StartError> {
    let shared = &settings.shared;
    let (ledger, database) = Ledger::connect(shared.mongodb_url.as_deref(), &shared.database).await?;
    let provider = provider::start(settings.provider)?;
    let publisher = Publisher::start(shared.rabbitmq.clone(), &hub);
    let unconfirmed = settings.unconfirmed.clone();
    upkeep::start(database.clone(), unconfirmed.clone(), publisher.clone(), &hub);
    let stores = (
        web::Data::new(ledger),
        web::Data::new(unconfirmed.clone()),
        web::Data::new(publisher.clone()),
        web::Data::new(Processor::new(provider).map_err(io::Error::other)?),
        web::Data::new(SuccessRate::default()),
    );
    let faults = (
        web::Data::new(database.clone()),
        web::Data::new(ReceiptArchive::new(settings.memory_leak_limit_mb)),
        web::Data::new(Scorings::default()),
        web::Data::new(WorkerBlocks::new(shared.workers())),
        web::Data::from(Arc::clone(&settings.crash_child)),
    );
    let guards = shared.guards.clone();
    let app = move |hub: &Arc<Hub>| {
        let (ledger, unconfirmed, publisher, processor, success_rate) = stores.clone();
        let (database, archive, scorings, blocks, crash_child) = faults.clone();
        let app = App::new()
            .app_data(ledger)
            .app_data(unconfirmed)
            .app_data(publisher)
            .app_data(processor)
            .app_data(success_rate)
            .app_data(database)
            .app_data(archive)
            .app_data(scorings)
            .app_data(blocks)
            .app_data(crash_child);
        instrumented(app.configure(|app| routes::configure(app, &guards)), hub)
    };
    // First the unconfirmed payments, then the messages.
    Ok(Application::new(Server::bind(shared, hub, app)?, async move |stop: &Stop| {
        let limit = UNCONFIRMED_TIMEOUT.min(stop.time_to_publish());
        let left = unconfirmed.finish(&database, limit).await;
        if left > 0 {
            tracing::error!(left, "payments stay unconfirmed: their callers got an error");
        }
        publish_rest(&publisher, stop).await;
    }))
}

//! Payment: its state, and its server from bind to drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use broker::Publisher;
use database::Database;
use scenario::WorkerBlocks;
use sentry_context::process::Stop;
use sentry_context::sentry::Hub;
use service::{Server, StartError, instrumented};

use crate::business::success_rate::SuccessRate;
use crate::domain::fraud::Scorings;
use crate::domain::processor::Processor;
use crate::domain::receipts::ReceiptArchive;
use crate::domain::unconfirmed::Unconfirmed;
use crate::settings::Settings;
use crate::{routes, upkeep};

/// How long unconfirmed payments may take once no request is served any more.
const UNCONFIRMED_TIMEOUT: Duration = Duration::from_secs(2);

/// The payment service, bound to its address.
pub struct Application {
    server: Server,
    database: Database,
    unconfirmed: Unconfirmed,
    publisher: Publisher,
}

impl Application {
    /// Starts what works beside the requests, and binds the address. Waits for no database and no broker.
    pub async fn build(settings: &Settings, hub: Arc<Hub>) -> Result<Self, StartError> {
        let shared = &settings.shared;
        let database = Database::connect(shared.mongodb_url.as_deref(), &shared.database).await?;
        let publisher = Publisher::start(shared.rabbitmq.clone(), &hub);
        let unconfirmed = settings.unconfirmed.clone();
        upkeep::start(database.clone(), unconfirmed.clone(), publisher.clone(), &hub);
        let stores = (
            web::Data::new(database.clone()),
            web::Data::new(unconfirmed.clone()),
            web::Data::new(publisher.clone()),
            web::Data::new(Processor::new(settings.error_rate)),
            web::Data::new(SuccessRate::default()),
        );
        let faults = (
            web::Data::new(ReceiptArchive::new(settings.memory_leak_limit_mb)),
            web::Data::new(Scorings::default()),
            web::Data::new(WorkerBlocks::new(shared.workers())),
            web::Data::from(Arc::clone(&settings.crash_child)),
        );
        let guards = shared.guards.clone();
        let app = move |hub: &Arc<Hub>| {
            let (database, unconfirmed, publisher, processor, success_rate) = stores.clone();
            let (archive, scorings, blocks, crash_child) = faults.clone();
            let app = App::new()
                .app_data(database)
                .app_data(unconfirmed)
                .app_data(publisher)
                .app_data(processor)
                .app_data(success_rate)
                .app_data(archive)
                .app_data(scorings)
                .app_data(blocks)
                .app_data(crash_child);
            instrumented(app.configure(|app| routes::configure(app, &guards)), hub)
        };
        let server = Server::bind(shared, hub, app)?;
        Ok(Self { server, database, unconfirmed, publisher })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Serves for ever.
    pub async fn run(self) -> std::io::Result<()> {
        self.server.run().await
    }

    /// Serves until the process is asked to end, then drains: requests first, then unconfirmed payments, then messages.
    pub async fn run_until(self, stop: &Stop) -> std::io::Result<()> {
        self.server.run_until(stop).await?;
        let limit = UNCONFIRMED_TIMEOUT.min(stop.time_to_publish());
        let left = self.unconfirmed.finish(&self.database, limit).await;
        if left > 0 {
            tracing::error!(left, "payments stay unconfirmed: their callers were reported that they failed");
        }
        let lost = self.publisher.finish(stop.time_to_publish()).await;
        if lost > 0 {
            tracing::warn!(lost, "not all messages reached RabbitMQ in time");
        }
        Ok(())
    }
}

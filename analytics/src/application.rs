//! Analytics: its state, and its server from bind to drain.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::{App, web};
use database::Database;
use sentry_context::process::Stop;
use sentry_context::sentry::Hub;
use service::{Application, Server, StartError, instrumented};

use crate::domain::exports::Exports;
use crate::domain::rounds::Rounds;
use crate::repairs::Repairs;
use crate::settings::Settings;
use crate::{day_report, routes, upkeep};

/// Starts the consumer and the job, and binds the address. Waits for no database and no broker.
pub async fn build(
    settings: &Settings,
    hub: Arc<Hub>,
) -> Result<Application<impl AsyncFnOnce(&Stop) + use<>>, StartError> {
    let Settings { shared, day_report } = settings;
    let database = Database::connect(shared.mongodb_url.as_deref(), &shared.database).await?;
    let consuming = upkeep::start(shared.rabbitmq.clone(), database.clone(), &hub);
    day_report::start(*day_report, database.clone(), &hub);
    let repairs = Repairs::new(&hub);
    let (database, consuming) = (web::Data::new(database), web::Data::new(consuming));
    let exports = web::Data::new(Exports::default());
    let rounds = web::Data::new(Rounds::default());
    let (guards, repaired) = (shared.guards.clone(), web::Data::new(repairs.clone()));
    let app = move |hub: &Arc<Hub>| {
        let app = App::new()
            .app_data(database.clone())
            .app_data(consuming.clone())
            .app_data(exports.clone())
            .app_data(rounds.clone())
            .app_data(repaired.clone())
            .configure(|app| routes::configure(app, &guards));
        // Outermost: browsers must be able to read failures, and a preflight is not a request of any user.
        instrumented(app, hub).wrap(Cors::permissive())
    };
    // A message that is not counted yet stays with the broker.
    Ok(Application::new(Server::bind(shared, hub, app)?, async move |_: &Stop| repairs.finish()))
}

//! One file per scenario: its story, its promise and its handler. To add one, write the file and name it below.

mod crash;
mod cron_error;
mod cron_missed;
mod cron_timeout;
mod database_error;
mod job;
mod memory_spike;
mod panic_user;
mod slow_query;
mod timeout;
mod validation_error;

use scenario::{Catalogue, Event, Expect, Scenario};
use utoipa::{PartialSchema, openapi::RefOr, openapi::schema::Schema};

use crate::domain::player::Player;
use crate::settings::SERVICE;

/// Every scenario of the service.
pub static CATALOGUE: Catalogue = Catalogue {
    service: SERVICE.name,
    path: "/api/debug",
    scenarios: &[
        &crash::CRASH,
        &validation_error::STORED,
        &validation_error::SUBMITTED,
        &database_error::DATABASE_ERROR,
        &timeout::TIMEOUT,
        &memory_spike::MEMORY_SPIKE,
        &slow_query::SLOW_QUERY,
        &cron_error::CRON_ERROR,
        &cron_missed::CRON_MISSED,
        &cron_timeout::CRON_TIMEOUT,
        &panic_user::PANIC,
    ],
};

/// The shape of the body that a scenario takes.
pub(crate) fn body_of(scenario: &Scenario) -> Option<RefOr<Schema>> {
    std::ptr::eq(scenario, &validation_error::SUBMITTED).then(Player::schema)
}

/// The promise of a scenario that needs the database where there is none.
const fn unreachable(breadcrumbs: &'static [&'static str]) -> Expect {
    Expect::event(
        500,
        Event::error("MongoConnectionError", &["analytics", "database", "unreachable"])
            .breadcrumbs(breadcrumbs)
            .contexts(&["database_error"]),
    )
}

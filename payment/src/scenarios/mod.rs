//! One file per scenario: its story, its promise and its handler. To add one, write the file and name it below.

mod panic_user;

use scenario::Catalogue;

use crate::settings::SERVICE;

/// Every scenario of the service.
pub static CATALOGUE: Catalogue =
    Catalogue { service: SERVICE.name, path: "/debug", scenarios: &[&panic_user::PANIC] };

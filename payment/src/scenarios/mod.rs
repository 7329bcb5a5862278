//! One file per scenario: its story, its promise and its handler. To add one, write the file and name it below.

mod async_error;
mod crash;
mod database_error;
mod event_loop_block;
mod memory_leak;
mod panic_user;
mod promise_rejection;
mod stack_overflow;
mod type_error;

use scenario::Catalogue;

use crate::settings::SERVICE;

/// Every scenario of the service.
pub static CATALOGUE: Catalogue = Catalogue {
    service: SERVICE.name,
    path: "/debug",
    scenarios: &[
        &crash::CRASH,
        &promise_rejection::PROMISE_REJECTION,
        &memory_leak::LEAK,
        &memory_leak::RESET,
        &event_loop_block::EVENT_LOOP_BLOCK,
        &stack_overflow::GUARDED,
        &stack_overflow::NATIVE,
        &type_error::TYPE_ERROR,
        &async_error::ASYNC_ERROR,
        &database_error::DATABASE_ERROR,
        &panic_user::PANIC,
    ],
};

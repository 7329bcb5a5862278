//! One file per scenario: its story, its promise and its handler. To add one, write the file and name it below.

mod async_error;
mod cpu_intensive;
mod crash;
mod error;
mod infinite_loop;
mod memory_leak;
mod panic_user;
mod threading_error;

use scenario::Catalogue;

use crate::settings::SERVICE;

/// Every scenario of the game engine.
pub static CATALOGUE: Catalogue = Catalogue {
    service: SERVICE.name,
    path: "/debug",
    scenarios: &[
        &crash::CRASH,
        &error::VALUE,
        &error::TYPE,
        &error::INDEX,
        &error::KEY,
        &error::ZERO,
        &error::CUSTOM,
        &memory_leak::LEAK,
        &memory_leak::RESET,
        &infinite_loop::INFINITE_LOOP,
        &cpu_intensive::CPU_INTENSIVE,
        &async_error::ASYNC_ERROR,
        &threading_error::THREADING_ERROR,
        &panic_user::PANIC,
    ],
};

//! The three services: the one place that lists them.

use std::process::ExitCode;

use scenario::Catalogue;
use variable::Variable;

/// A service that this binary can run.
#[derive(Debug)]
pub struct Service {
    /// Its name, as in its catalogue and tags.
    pub name: &'static str,
    /// The port it has by default.
    pub usual_port: u16,
    /// Its project number in the inbox, so that issues of different services never share a group.
    pub project: u32,
    /// Its scenarios.
    pub catalogue: &'static Catalogue,
    /// The environment variables that it reads.
    pub variables: fn() -> Vec<&'static Variable>,
    /// Whether it works with `MONGODB_URL=memory:`.
    pub keeps_in_memory: bool,
    /// Runs it in this process, configured by the environment, until SIGTERM.
    pub main: fn() -> ExitCode,
}

/// The service that a release can break.
pub const GAME_ENGINE: &str = "game-engine";

/// All services, in the order of the request that passes through them.
pub static SERVICES: [Service; 3] = [
    Service {
        name: GAME_ENGINE,
        usual_port: game_engine::settings::PORT.default_port(),
        project: 1,
        catalogue: &game_engine::scenarios::CATALOGUE,
        variables: game_engine::settings::variables,
        keeps_in_memory: false,
        main: game_engine::main,
    },
    Service {
        name: "analytics",
        usual_port: analytics::settings::PORT.default_port(),
        project: 2,
        catalogue: &analytics::scenarios::CATALOGUE,
        variables: analytics::settings::variables,
        keeps_in_memory: false,
        main: analytics::main,
    },
    Service {
        name: "payment",
        usual_port: payment::settings::PORT.default_port(),
        project: 3,
        catalogue: &payment::scenarios::CATALOGUE,
        variables: payment::settings::variables,
        keeps_in_memory: true,
        main: payment::main,
    },
];

/// The service of that name, or which there are.
pub fn named(name: &str) -> Result<&'static Service, String> {
    SERVICES.iter().find(|service| service.name == name).ok_or_else(|| {
        let names: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        format!("no such service; there are {}", names.join(", "))
    })
}

/// Every path under which a service may keep its catalogue.
pub fn debug_paths() -> impl Iterator<Item = &'static str> {
    let mut paths: Vec<_> = SERVICES.iter().map(|service| service.catalogue.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().rev()
}

//! Analytics: what was played and paid, and how its queries break.
//!
//! - [`settings`], [`application`]: the environment, and the service from bind to drain
//! - `routes`, `endpoint`, `endpoints`, `health`: every route on one page, and those that are not scenarios
//! - [`detail`]: FastAPI's list of what is wrong with a request
//! - `openapi`, `docs`, `swagger`: `/openapi.json` from the declarations of the routes, and `/docs`
//! - `day_report`: a job that runs by a schedule, and [`repairs`] of the jobs that scenarios break
//! - `business`: what the service is for, and [`consumer`], which counts messages
//! - [`domain`]: the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler

pub mod application;
mod business;
pub mod consumer;
mod day_report;
pub mod detail;
mod docs;
pub mod domain;
mod endpoint;
mod endpoints;
pub mod error;
mod health;
mod openapi;
pub mod repairs;
mod routes;
pub mod scenarios;
pub mod settings;
mod swagger;
pub mod upkeep;

use std::process::ExitCode;

use crate::settings::{SERVICE, Settings};

/// The whole process.
pub fn main() -> ExitCode {
    service::run(&SERVICE, Settings::from_env, application::build)
}

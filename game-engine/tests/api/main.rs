//! The game engine over real HTTP, with an inbox as its Sentry.

mod bad_input;
mod busy;
mod crash;
mod errors;
mod guards;
mod helpers;
mod isolation;
mod leak;
mod process;
mod tasks;
mod traces;

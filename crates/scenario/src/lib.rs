//! The vocabulary of the demo: what a crash scenario promises, and how promises are served and guarded.
//!
//! A scenario is declared once, as a static [`Scenario`] beside the code that runs. [`Catalogue`] mounts the
//! routes and serves `GET …/debug` from those statics, as a [`listing`]; the check, the tests and the README read it.
//! A declaration is a promise, not an instruction: nothing of [`Expect`] ever reaches the SDK.

mod blocking;
mod body;
mod catalogue;
mod declaration;
mod guards;
pub mod listing;
#[cfg(test)]
mod listing_tests;
mod parameter;
mod refusal;
mod terms;

pub use blocking::{WorkerBlock, WorkerBlocks};
pub use body::{identify, read, refuse as refuse_bodies};
pub use catalogue::Catalogue;
pub use declaration::{Event, Expect, Job, Scenario};
pub use guards::{DEBUG_TOKEN, Guards, HEAVY_AT_ONCE, RUN_HEADER, Slot, VARIABLES};
pub use parameter::{OutOfBounds, Parameter};
pub use refusal::{Refusal, json_config, not_found, only};
pub use terms::{Level, Method, Place, RunState};

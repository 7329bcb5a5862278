//! The game engine's actual work.

pub(crate) mod business_metrics;
pub(crate) mod calculate;

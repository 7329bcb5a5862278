//! The game engine's own work, as it was before it crashed on purpose.

pub(crate) mod business_metrics;
pub(crate) mod calculate;

//! The payment service's own work, as it was before it crashed on purpose.

pub(crate) mod financial_metrics;
pub(crate) mod process;
pub(crate) mod success_rate;

//! The payment service's actual work.

pub(crate) mod financial_metrics;
pub(crate) mod process;
pub(crate) mod success_rate;

//! What analytics computes: plausible code, and where it breaks.

pub mod archive;
pub mod digest;
pub mod exports;
pub mod percentile;
pub mod player;
pub mod revenue;
pub mod rounds;
pub mod session;
pub mod statement;
pub mod statistics;

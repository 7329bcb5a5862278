//! What analytics computes: plausible code, and where it breaks.

pub mod session;

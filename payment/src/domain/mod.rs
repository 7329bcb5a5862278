//! What payment books: plausible code, and where it breaks.

pub mod session;

//! A service under check.

use scenario::listing::Listing;

/// A service that is checked.
#[derive(Debug)]
pub struct Checked {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// What it promises.
    pub catalogue: Listing,
    /// Whether it reaches its database; `None` if it needs none.
    pub database: Option<bool>,
}

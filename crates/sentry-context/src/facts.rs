//! Named facts: the data of a breadcrumb, the fields of a context or of an answer.

use sentry::protocol::{Map, Value};

/// Names and JSON values.
pub type Facts = Map<String, Value>;

/// Facts from pairs: `facts([("bet", 5.into())])`.
pub fn facts<const N: usize>(pairs: [(&str, Value); N]) -> Facts {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

//! Where what came differs from what was promised.

use serde::Serialize;
use serde_json::Value;

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// What differs, such as `level` or `contexts.trace.trace_id`.
    pub field: String,
    /// What it should be: the value, or words about it.
    pub promised: Value,
    /// What it is; null where it is missing.
    pub got: Value,
}

/// Collects differences, all of them.
#[derive(Debug, Default)]
pub struct Findings {
    prefix: String,
    found: Vec<Mismatch>,
}

impl Findings {
    /// For findings about a part: its fields are named `PREFIX.FIELD`.
    pub fn about(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), found: Vec::new() }
    }

    /// The value must be just this.
    pub fn equal(&mut self, field: &str, promised: impl Into<Value>, got: impl Into<Value>) {
        let (promised, got) = (promised.into(), got.into());
        if promised != got {
            self.differ(field, promised, got);
        }
    }

    /// The condition, given in words, must hold.
    pub fn hold(&mut self, field: &str, holds: bool, promised: &str, got: impl Into<Value>) {
        if !holds {
            self.differ(field, promised, got);
        }
    }

    /// Takes over the findings about a part.
    pub fn include(&mut self, part: Self) {
        self.found.extend(part.found);
    }

    /// All differences, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Mismatch> {
        self.found
    }

    /// The two differ.
    pub fn differ(&mut self, field: &str, promised: impl Into<Value>, got: impl Into<Value>) {
        let field =
            if self.prefix.is_empty() { field.to_owned() } else { format!("{}.{field}", self.prefix) };
        self.found.push(Mismatch { field, promised: promised.into(), got: got.into() });
    }
}

//! Where what came differs from what was promised.

mod part;

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

/// A part of a promise, and whether it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Such as `level` or `breadcrumbs`.
    pub name: &'static str,
    /// Whether nothing of it differs.
    pub kept: bool,
}

/// Collects differences, all of them, and notes what was compared.
#[derive(Debug, Default)]
pub struct Findings {
    prefix: String,
    found: Vec<Mismatch>,
    parts: Vec<Part>,
}

impl Findings {
    /// For findings about a part: its fields are named `PREFIX.FIELD`.
    pub fn about(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// The value must be just this.
    pub fn equal(&mut self, field: &str, promised: impl Into<Value>, got: impl Into<Value>) {
        let (promised, got) = (promised.into(), got.into());
        if promised == got {
            self.note(field, true);
        } else {
            self.differ(field, promised, got);
        }
    }

    /// The condition, given in words, must hold.
    pub fn hold(&mut self, field: &str, holds: bool, promised: &str, got: impl Into<Value>) {
        if holds {
            self.note(field, true);
        } else {
            self.differ(field, promised, got);
        }
    }

    /// Takes over the findings about a part.
    pub fn include(&mut self, part: Self) {
        self.found.extend(part.found);
        for Part { name, kept } in part.parts {
            self.note_part(name, kept);
        }
    }

    /// What was compared, each part once, in the order of the comparison.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn note(&mut self, field: &str, kept: bool) {
        self.note_part(part::of(&self.prefix, field), kept);
    }

    fn note_part(&mut self, name: &'static str, kept: bool) {
        match self.parts.iter_mut().find(|part| part.name == name) {
            Some(part) => part.kept &= kept,
            None => self.parts.push(Part { name, kept }),
        }
    }

    /// All differences, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Mismatch> {
        self.found
    }

    /// The two differ.
    pub fn differ(&mut self, field: &str, promised: impl Into<Value>, got: impl Into<Value>) {
        self.note(field, false);
        let field =
            if self.prefix.is_empty() { field.to_owned() } else { format!("{}.{field}", self.prefix) };
        self.found.push(Mismatch { field, promised: promised.into(), got: got.into() });
    }
}

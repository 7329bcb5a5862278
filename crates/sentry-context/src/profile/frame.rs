//! A frame, as people read it.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::frames;

/// A frame. Its texts are shared with those of other frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) function: Arc<str>,
    pub(super) file: Option<Arc<str>>,
    pub(super) line: Option<u32>,
    pub(super) is_ours: bool,
    /// Is it the call in which an event loop sleeps?
    pub(super) waits_for_events: bool,
}

impl Frame {
    pub(super) fn unnamed(function: Arc<str>) -> Self {
        Self { function, file: None, line: None, is_ours: false, waits_for_events: false }
    }
}

/// Without an address where it has a name, or each instruction of a function would be a function of its own.
impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            function: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            module: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            filename: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            abs_path: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            lineno: Option<u32>,
            in_app: bool,
        }
        let shown = Shown {
            function: &self.function,
            module: frames::module(&self.function),
            filename: self.file.as_deref().map(frames::short_name),
            abs_path: self.file.as_deref(),
            lineno: self.line,
            in_app: self.is_ours,
        };
        shown.serialize(serializer)
    }
}

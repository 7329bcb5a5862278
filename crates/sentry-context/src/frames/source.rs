//! Source lines around a frame, where the source is at hand.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sentry::protocol::Frame;

/// Lines shown before and after, as other Sentry SDKs send.
const AROUND: usize = 5;

type Lines = Option<Arc<[String]>>;
static FILES: LazyLock<Mutex<HashMap<String, Lines>>> = LazyLock::new(Mutex::default);

/// Adds the failing line and its surroundings; nothing if the file is not on this machine.
pub(super) fn add_context(frame: &mut Frame) {
    let (Some(path), Some(line)) = (&frame.abs_path, frame.lineno) else { return };
    let Some(lines) = lines(path) else { return };
    let Some(at) = usize::try_from(line).ok().and_then(|line| line.checked_sub(1)) else { return };
    let Some(failing) = lines.get(at) else { return };
    frame.context_line = Some(failing.clone());
    frame.pre_context = lines[at.saturating_sub(AROUND)..at].to_vec();
    frame.post_context = lines[at + 1..lines.len().min(at + 1 + AROUND)].to_vec();
}

fn lines(path: &str) -> Lines {
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lines) = files.get(path) {
        return lines.clone();
    }
    let read = std::fs::read_to_string(path).ok();
    let lines: Lines = read.map(|text| text.lines().map(str::to_owned).collect());
    files.insert(path.to_owned(), lines.clone());
    lines
}

/// The path from the crate's folder on: `shop/src/domain/stock.rs`.
pub(crate) fn short_name(path: &str) -> String {
    let start = path.rfind("/src/").and_then(|src| path[..src].rfind('/')).map_or(0, |slash| slash + 1);
    path[start..].to_owned()
}

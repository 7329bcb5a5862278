//! Which frames of a stack distinguish issues, and by what.

use serde_json::Value;

use super::exception;
use crate::shape::words;
use crate::text::{SHORT, clip};

/// Most frames of a stack that are looked at: the innermost.
const MAX_FRAMES: usize = 500;

/// Longest source line that counts, as in Sentry: what is longer is generated.
const MAX_LINE: usize = 120;

/// What counts of a frame. Line numbers do not: they move with every change of the file.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Frame<'a> {
    /// The module, or else the name of the file.
    place: Option<String>,
    function: Option<&'a str>,
    line: Option<String>,
}

impl<'a> Frame<'a> {
    /// `None` if nothing of it is known for sure.
    fn of(frame: &'a Value) -> Option<Self> {
        let line = source_line(frame);
        let it = Self { place: place(frame), function: function(frame), line };
        (it.place.is_some() || it.function.is_some() || it.line.is_some()).then_some(it)
    }
}

fn all(stack: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    let frames = stack["frames"].as_array().map(Vec::as_slice).unwrap_or_default();
    frames[frames.len().saturating_sub(MAX_FRAMES)..].iter()
}

fn is_ours(frame: &Value) -> bool {
    frame["in_app"] == true
}

/// Whether one of these stacks has a frame of ours that counts.
pub(super) fn any_of_ours<'a>(stacks: impl IntoIterator<Item = &'a Value>) -> bool {
    stacks.into_iter().any(|stack| all(stack).any(|frame| is_ours(frame) && Frame::of(frame).is_some()))
}

/// What counts of a stack: of our frames, or of all. A function that calls itself counts once, however deep it went.
pub(super) fn counting(stack: &Value, ours: bool) -> Vec<Frame<'_>> {
    let frames = all(stack).filter(|frame| !ours || is_ours(frame));
    let mut counting: Vec<Frame<'_>> = frames.filter_map(Frame::of).collect();
    counting.dedup();
    counting
}

/// The stack of the event, of the thread that crashed, else of the current one, else of the only one.
pub(super) fn spoke(event: &Value) -> Option<&Value> {
    let threads = event["threads"]["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let which = |name: &str| threads.iter().find(|thread| thread[name] == true);
    let only = if let [only] = threads { Some(only) } else { None };
    let spoke = which("crashed").or_else(|| which("current")).or(only).map(|thread| &thread["stacktrace"]);
    [spoke, Some(&event["stacktrace"])].into_iter().flatten().find(|stack| all(stack).next().is_some())
}

/// The frame on top: the innermost of ours, or else the innermost. Named ones come first.
fn top_frame(event: &Value) -> Option<&Value> {
    let stack = exception(event).map(|exception| &exception["stacktrace"]);
    let stack = stack.filter(|stack| all(stack).next().is_some()).or_else(|| spoke(event))?;
    let innermost = |fits: fn(&Value) -> bool| all(stack).rev().find(|frame| fits(frame));
    innermost(|frame| is_ours(frame) && function(frame).is_some())
        .or_else(|| innermost(|frame| is_ours(frame) && Frame::of(frame).is_some()))
        .or_else(|| innermost(|frame| function(frame).is_some()))
        .or_else(|| innermost(|frame| Frame::of(frame).is_some()))
}

/// The function on top, by its name.
pub(crate) fn top_function(event: &Value) -> Option<&str> {
    function(top_frame(event)?)
}

/// A text of the frame on top.
pub(super) fn top_text<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    words(&top_frame(event)?[name])
}

/// The function on top, or else where it is.
pub(super) fn top(event: &Value) -> Option<String> {
    let frame = Frame::of(top_frame(event)?)?;
    frame.function.map(str::to_owned).or(frame.place).or(frame.line).map(|text| clip(&text, SHORT))
}

/// What compilers and runtimes call a function without a name.
const UNNAMED: [&str; 15] = [
    "?",
    "??",
    "<lambda>",
    "<anonymous>",
    "<unknown>",
    "<redacted>",
    "<native>",
    "<null>",
    "[anonymous]",
    "anonymous",
    "Anonymous function",
    "{closure}",
    "lambda",
    "null",
    "undefined",
];

/// Its name, if it has one, without the hash that the Rust compiler adds.
fn function(frame: &Value) -> Option<&str> {
    let name = words(&frame["function"])?.trim();
    // JavaScript: `Object.<anonymous>`, `async Promise.all.<anonymous>`, `new <anonymous>`.
    let last = name.rsplit(['.', ' ']).next().unwrap_or(name);
    let address = name.strip_prefix("0x").is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let unnamed =
        UNNAMED.contains(&name) || UNNAMED.contains(&last) || address || name.starts_with("lambda$");
    (!unnamed).then(|| without_hash(name))
}

fn without_hash(name: &str) -> &str {
    let split = name.rsplit_once("::h");
    let hash = split.filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()));
    hash.map_or(name, |(name, _)| name)
}

/// The module without what is made anew in each process (`Order$$Lambda$14`), or else the file's name. The name of a
/// bundle on a web server changes with each release.
fn place(frame: &Value) -> Option<String> {
    if let Some(module) = words(&frame["module"]).filter(|module| !UNNAMED.contains(module)) {
        let stable = module.split("$$").next().filter(|it| !it.is_empty()).unwrap_or(module);
        return Some(stable.to_owned());
    }
    let file = words(&frame["filename"]).or_else(|| words(&frame["abs_path"]))?;
    let foreign = words(&frame["abs_path"]).into_iter().chain([file]).any(is_url);
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let known = !foreign && !UNNAMED.contains(&name) && name != "[native code]" && !name.is_empty();
    known.then(|| name.to_lowercase())
}

fn is_url(path: &str) -> bool {
    ["http:", "https:", "blob:", "data:", "applewebdata:"].iter().any(|scheme| path.starts_with(scheme))
}

/// The source line, whatever its indentation.
fn source_line(frame: &Value) -> Option<String> {
    let line = words(&frame["context_line"])?.trim();
    let short = line.chars().nth(MAX_LINE).is_none();
    short.then(|| line.split_whitespace().collect::<Vec<_>>().join(" "))
}

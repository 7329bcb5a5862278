//! Which issue an event belongs to, decided as Sentry does. Events are read in their one [shape](crate::shape).
//!
//! The default, in this order: the chain of exceptions, each by its type and its stack, or else its value; the stack of
//! the thread that crashed or reported; the message. Values and messages count without their [parameters].
//! A stack is its frames that are ours, or all of them where none is.

mod frames;
mod variables;

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use serde_json::Value;

use crate::parameters;
use crate::shape::words;
use crate::text::{LONG, SHORT, clip};

pub(crate) use frames::top_function;

/// Most parts of a fingerprint that are looked at.
const MAX_PARTS: usize = 50;

/// Most exceptions of a chain that are looked at: the outermost.
const MAX_EXCEPTIONS: usize = 50;

/// Lines of a message that count, as in Sentry: what follows is often a dump.
const MAX_LINES: usize = 2;

/// What distinguishes groups: a hash of the whole fingerprint, however long that is.
pub(crate) type Key = u128;

/// Which issue an event belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub(crate) key: Key,
    /// The fingerprint as far as lists show it.
    pub(crate) shown: Vec<String>,
}

/// A part of a fingerprint.
#[derive(Hash)]
enum Part {
    Text(String),
    Default(Key),
    Checksum(String),
}

impl Grouping {
    /// By the project and the checksum, the fingerprint, or else the default.
    pub(crate) fn of(project: &str, event: &Value) -> Self {
        let of = |parts: Vec<Part>, shown: Vec<String>| {
            let shown = shown.iter().take(MAX_PARTS).map(|part| clip(part, SHORT)).collect();
            Self { key: hash(&(project, parts)), shown }
        };
        if let Some(checksum) = words(&event["checksum"]) {
            return of(vec![Part::Checksum(checksum.to_owned())], vec![checksum.to_owned()]);
        }
        let default = default(event);
        let (mut resolved, mut shown) = (Vec::new(), Vec::new());
        for part in parts(event) {
            if variables::name(&part) == Some("default") {
                resolved.push(Part::Default(default.key));
                shown.extend_from_slice(&default.shown);
            } else {
                let part = variables::filled(part, event);
                shown.push(part.clone());
                resolved.push(Part::Text(part));
            }
        }
        if resolved.is_empty() {
            of(vec![Part::Default(default.key)], default.shown)
        } else {
            of(resolved, shown)
        }
    }
}

/// Nobody outside can foresee it: two texts with the same hash cannot be made.
pub(crate) fn hash(value: &impl std::hash::Hash) -> u128 {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    let [high, low] = KEYS.each_ref().map(|key| u128::from(key.hash_one(value)));
    high << 64 | low
}

fn parts(event: &Value) -> impl Iterator<Item = String> {
    let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    let parts = event["fingerprint"].as_array().into_iter().flatten();
    parts.filter(|part| !part.is_null()).take(MAX_PARTS).map(text)
}

/// The fingerprint as the event has it, as far as lists show it.
pub(crate) fn sent(event: &Value) -> Vec<String> {
    parts(event).map(|part| clip(&part, SHORT)).collect()
}

/// All that decides, and what lists show of it: the type, and the function on top or else the value.
fn default(event: &Value) -> Grouping {
    let top = frames::top(event);
    if let Some(parts) = chain(event) {
        let exception = exception(event).unwrap_or(&Value::Null);
        let rest = top.or_else(|| value(exception));
        return Grouping { key: hash(&parts), shown: ty(exception).into_iter().chain(rest).collect() };
    }
    let message = template(event).map(|text| without_parameters(&text));
    let stack = frames::spoke(event).map(|stack| frames::counting(stack, frames::any_of_ours([stack])));
    if let Some(stack) = stack.filter(|stack| !stack.is_empty()) {
        return Grouping { key: hash(&stack), shown: top.or(message).into_iter().collect() };
    }
    let message = message.unwrap_or_default();
    Grouping { key: hash(&message), shown: vec![message] }
}

/// What counts of an exception: its type, its stack, and its value where it has no stack.
type Counting<'a> = (Option<String>, Vec<frames::Frame<'a>>, Option<String>);

/// What counts of each exception; `None` if nothing does.
fn chain(event: &Value) -> Option<Vec<Counting<'_>>> {
    let all = event["exception"]["values"].as_array()?;
    let chain = &all[all.len().saturating_sub(MAX_EXCEPTIONS)..];
    let ours = frames::any_of_ours(chain.iter().map(|exception| &exception["stacktrace"]));
    let parts = chain.iter().map(|exception| {
        let frames = frames::counting(&exception["stacktrace"], ours);
        let value = if frames.is_empty() { value(exception) } else { None };
        (ty(exception), frames, value)
    });
    let parts: Vec<_> =
        parts.filter(|(ty, frames, value)| ty.is_some() || value.is_some() || !frames.is_empty()).collect();
    Some(parts).filter(|parts| !parts.is_empty())
}

/// The type, unless the SDK made it up.
fn ty(exception: &Value) -> Option<String> {
    let synthetic = exception["mechanism"]["synthetic"] == true;
    words(&exception["type"]).filter(|_| !synthetic).map(|ty| clip(ty, LONG))
}

fn value(exception: &Value) -> Option<String> {
    words(&exception["value"]).map(without_parameters)
}

/// The first lines of a text without what differs each time. A fingerprint may name it many times: it is short.
fn without_parameters(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(MAX_LINES).collect();
    clip(&parameters::replaced(&clip(&lines.join("\n"), LONG)), LONG)
}

/// The outermost exception: Sentry's order has it last.
pub(crate) fn exception(event: &Value) -> Option<&Value> {
    event["exception"]["values"].as_array()?.last()
}

/// What the text of a message event was made from, or the text where that is not known.
fn template(event: &Value) -> Option<String> {
    words(&event["logentry"]["message"]).map(str::to_owned)
}

/// The text of a message event, as people read it.
pub(crate) fn message(event: &Value) -> Option<String> {
    words(&event["logentry"]["formatted"]).map(str::to_owned)
}

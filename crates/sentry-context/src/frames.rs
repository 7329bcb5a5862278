//! Stack traces for people: the line that failed is on top, our frames are marked, machinery is removed.
//!
//! Capturing costs microseconds because it keeps addresses only. [`clean`] resolves them later, off the request path, all
//! those of a stack together, and each once.

mod names;
mod path;
mod source;
mod symbols;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use sentry::protocol::{Addr, Frame, Stacktrace, Value};

use crate::platform;
pub(crate) use names::{Function, module};
pub(crate) use source::short_name;
pub(crate) use symbols::rest;

/// Deepest stack that is kept; Sentry itself trims at 250 frames.
const DEPTH: usize = 250;

/// How many of them are the outermost, where the stack is deeper.
const OUTERMOST: usize = 50;

/// Where something occurred: the return addresses of the stack, innermost first.
#[derive(Clone)]
pub struct Origin(Box<[u64]>);

impl Origin {
    /// A stack that was walked elsewhere: its addresses, innermost first.
    pub fn of(addresses: Vec<u64>) -> Self {
        Self(addresses.into_boxed_slice())
    }

    /// The stack of the caller.
    #[inline(never)]
    pub fn capture() -> Self {
        let mut addresses = Vec::with_capacity(64);
        platform::current().walk_stack(&mut |address| {
            addresses.push(address);
            addresses.len() < DEPTH
        });
        Self(addresses.into_boxed_slice())
    }

    /// The return addresses, innermost first.
    pub fn addresses(&self) -> &[u64] {
        &self.0
    }

    /// The innermost frame, by its address, with those of its callers in its variable `unresolved_callers`; [`clean`] makes all frames of it.
    pub fn stacktrace(&self) -> Option<Stacktrace> {
        let (innermost, callers) = self.0.split_first()?;
        let mut frame = frame_at(*innermost);
        frame.vars.insert(CALLERS.to_owned(), hexadecimal(callers).into());
        Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() })
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Origin({} frames)", self.0.len())
    }
}

/// The variable of a frame that lists the return addresses of its callers, innermost first, until they are resolved: a
/// frame takes 350 bytes, and a burst of crashes queues thousands of stacks.
const CALLERS: &str = "unresolved_callers";

fn hexadecimal(addresses: &[u64]) -> String {
    let mut text = String::with_capacity(addresses.len() * "7fffffffffff ".len());
    for address in addresses {
        // Writing to a string does not fail.
        let _ = write!(text, "{address:x} ");
    }
    text
}

/// The frames that a frame stands for, outermost first, as Sentry wants them.
fn with_callers(mut frame: Frame) -> Vec<Frame> {
    let callers = frame.vars.remove(CALLERS);
    let callers = callers.as_ref().and_then(Value::as_str).unwrap_or_default().split_whitespace();
    let callers = callers.filter_map(|text| u64::from_str_radix(text, 16).ok());
    let mut frames: Vec<_> = std::iter::once(frame).chain(callers.map(frame_at)).collect();
    frames.reverse();
    frames
}

fn frame_at(address: u64) -> Frame {
    Frame { instruction_addr: Some(Addr(address)), ..Frame::default() }
}

/// Resolves, marks and trims a stack trace. `in_app` are the crates that count as ours.
pub fn clean(stacktrace: &mut Stacktrace, in_app: &[&str]) {
    let frames: Vec<Frame> = stacktrace.frames.drain(..).flat_map(with_callers).collect();
    let addresses: BTreeSet<u64> = frames.iter().filter_map(unresolved).collect();
    let resolved = symbols::at(&addresses);
    let mut frames: Vec<Frame> = frames.into_iter().flat_map(|frame| resolve(frame, &resolved)).collect();
    for frame in &mut frames {
        let Some(krate) = frame.package.as_deref() else { continue };
        frame.in_app = Some(in_app.contains(&krate));
        if frame.in_app == Some(true) {
            source::add_context(frame);
        }
    }
    trim(&mut frames);
    if frames.len() > DEPTH {
        // One address is several frames where calls were inlined.
        frames.drain(OUTERMOST..frames.len() - (DEPTH - OUTERMOST));
    }
    stacktrace.frames = frames;
}

/// Drops what stands above the failure (std, the clock, the SDK, this library) and what lies below our outermost
/// frame (the server's and runtime's own loop). A stack without a frame of ours stays as it is.
fn trim(frames: &mut Vec<Frame>) {
    let Some(outermost) = frames.iter().position(|frame| frame.in_app == Some(true)) else { return };
    frames.drain(..outermost);
    while frames.last().is_some_and(is_machinery) {
        frames.pop();
    }
}

fn is_machinery(frame: &Frame) -> bool {
    frame.function.as_deref().is_none_or(names::reads_clock)
        || frame.package.as_deref().is_some_and(names::is_machinery)
}

/// The address of a frame that has no name yet.
fn unresolved(frame: &Frame) -> Option<u64> {
    frame.instruction_addr.filter(|_| frame.function.is_none()).map(|Addr(address)| address)
}

fn resolve(frame: Frame, resolved: &HashMap<u64, Arc<[Frame]>>) -> Vec<Frame> {
    if let Some(frames) = unresolved(&frame).and_then(|address| resolved.get(&address)) {
        return frames.to_vec();
    }
    match &frame.function {
        Some(name) if frame.package.is_none() => {
            let Function { name, krate } = Function::new("", name, frame.abs_path.as_deref());
            vec![Frame { function: Some(name), package: Some(krate), ..frame }]
        }
        _ => vec![frame],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_waits_is_one_frame_and_gives_back_each_address_in_order() {
        // No code is there: each address stays a frame of its own.
        let origin = Origin::of(vec![0x30, 0x20, 0x10]);
        let mut stacktrace = origin.stacktrace().unwrap();
        assert_eq!(stacktrace.frames.len(), 1);
        assert_eq!(
            (stacktrace.frames[0].instruction_addr, &stacktrace.frames[0].symbol),
            (Some(Addr(0x30)), &None)
        );
        clean(&mut stacktrace, &[]);
        let addresses: Vec<_> =
            stacktrace.frames.iter().map(|frame| frame.instruction_addr.unwrap().0).collect();
        assert_eq!(addresses, [0x10, 0x20, 0x30]);
        assert!(stacktrace.frames.iter().all(|frame| frame.vars.is_empty()));
        assert!(Origin::of(Vec::new()).stacktrace().is_none());
    }
}

//! Symbols of addresses, each once, and compact: a process has some ten thousand of them.
//!
//! Return addresses are as many as there are calls in the program, and are soon known. The instruction that a thread was
//! at may be any: once some of a function are known, the nearest of those stands for further ones between them. Its line
//! may be another one; its function is the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::frame::Frame;
use crate::frames::Function;
use crate::platform::{Code, Resolve};

/// Instructions of a function that are looked up whatever is known.
const OF_FUNCTION: u32 = 32;

/// An instruction this near, in bytes, to a known one of its function is not looked up.
const NEAR: u64 = 16;

/// Most addresses that are known: some MB. Beyond it, all are forgotten, and looked up again where they are needed.
pub(super) const MOST: usize = 50_000;

/// Most addresses that are noted as left out. Beyond it, all are forgotten: they are left out once more.
const LEFT_OUT: usize = 5_000;

/// The numbers of the frames at an address, innermost first: several where calls were inlined.
type Frames = Box<[u32]>;

/// What is known of this process's addresses.
#[derive(Debug)]
pub(super) struct Symbols {
    resolver: Box<dyn Resolve>,
    /// Crates whose frames are ours.
    in_app: &'static [&'static str],
    known: Known,
    /// What was not looked up the first time.
    left_out: HashSet<u64>,
}

#[derive(Debug, Default)]
struct Known {
    calls: HashMap<u64, Frames>,
    instructions: BTreeMap<u64, Frames>,
    /// How many instructions are known of each function.
    of_function: HashMap<Arc<str>, u32>,
    frames: Vec<Frame>,
    numbers: HashMap<Frame, u32>,
    texts: HashSet<Arc<str>>,
}

impl Symbols {
    pub(super) fn new(resolver: Box<dyn Resolve>, in_app: &'static [&'static str]) -> Self {
        Self { resolver, in_app, known: Known::default(), left_out: HashSet::new() }
    }

    /// Looks up what is not known yet of these stacks, [`MOST`] addresses at most. False if `go_on` stopped it.
    pub(super) fn learn(&mut self, stacks: &[&[u64]], go_on: impl Fn() -> bool) -> bool {
        let mut unknown = self.unknown(stacks);
        if self.known.calls.len() + self.known.instructions.len() + unknown.len() > MOST {
            self.known = Known::default();
            unknown = self.unknown(stacks);
        }
        self.look_up(&unknown, go_on)
    }

    /// The same for what is seldom: an address is looked up where it is needed for the second time.
    pub(super) fn learn_what_recurs(&mut self, stacks: &[&[u64]], go_on: impl Fn() -> bool) -> bool {
        let mut unknown = self.unknown(stacks);
        if self.left_out.len() + unknown.len() > LEFT_OUT {
            self.left_out = HashSet::new();
        }
        unknown.retain(|address, _| !self.left_out.insert(*address));
        if self.known.calls.len() + self.known.instructions.len() + unknown.len() > MOST {
            return self.learn(stacks, go_on);
        }
        self.look_up(&unknown, go_on)
    }

    /// Is all of that stack known?
    pub(super) fn know(&self, stack: &[u64]) -> bool {
        (0..).zip(stack).all(|(depth, address)| self.at(*address, depth > 0).is_some())
    }

    /// Is nothing known yet?
    pub(super) fn are_none(&self) -> bool {
        self.known.frames.is_empty()
    }

    fn look_up(&mut self, unknown: &BTreeMap<u64, [bool; 2]>, go_on: impl Fn() -> bool) -> bool {
        if unknown.is_empty() {
            return true;
        }
        let addresses: Vec<u64> = unknown.keys().copied().take(MOST).collect();
        let Self { resolver, in_app, known, .. } = self;
        let mut frames: Vec<u32> = Vec::new();
        let mut current = None;
        let mut is_wanted = true;
        resolver.resolve(&addresses, &mut |address, code| {
            if let Some(before) = current.replace(address).filter(|before| *before != address) {
                known.add(before, unknown[&before], std::mem::take(&mut frames));
            }
            frames.push(known.frame(code, in_app));
            is_wanted = go_on();
            is_wanted
        });
        if let Some(last) = current.filter(|_| is_wanted) {
            known.add(last, unknown[&last], frames);
        }
        for address in addresses.into_iter().filter(|_| is_wanted) {
            known.add_unnamed(address, unknown[&address]);
        }
        is_wanted
    }

    /// The addresses that are to be looked up: those that threads were at, or that they will return to, or both.
    fn unknown(&self, stacks: &[&[u64]]) -> BTreeMap<u64, [bool; 2]> {
        let mut unknown: BTreeMap<u64, [bool; 2]> = BTreeMap::new();
        for stack in stacks {
            for (depth, address) in stack.iter().enumerate() {
                let is_call = depth > 0;
                if self.at(*address, is_call).is_none() {
                    unknown.entry(*address).or_default()[usize::from(is_call)] = true;
                }
            }
        }
        unknown
    }

    /// The numbers of the frames at an address, which is one that is returned to, or one at which a thread was. `None`
    /// where it was not looked up.
    pub(super) fn at(&self, address: u64, is_call: bool) -> Option<&[u32]> {
        let frames = if is_call { self.known.calls.get(&address) } else { self.known.stand_in(address) };
        frames.map(|frames| &**frames)
    }

    /// A frame by its number.
    pub(super) fn frame(&self, number: u32) -> Option<&Frame> {
        self.known.frames.get(number as usize)
    }
}

impl Known {
    fn add(&mut self, address: u64, [is_instruction, is_call]: [bool; 2], frames: Vec<u32>) {
        let frames = frames.into_boxed_slice();
        if is_instruction {
            if let Some(name) = self.function(&frames).cloned() {
                *self.of_function.entry(name).or_default() += 1;
            }
            self.instructions.insert(address, frames.clone());
        }
        if is_call {
            self.calls.insert(address, frames);
        }
    }

    /// Where nothing is known of an address, it is a function of its own.
    fn add_unnamed(&mut self, address: u64, [is_instruction, is_call]: [bool; 2]) {
        let is_known = (!is_instruction || self.instructions.contains_key(&address))
            && (!is_call || self.calls.contains_key(&address));
        if !is_known {
            let frame = Frame::unnamed(self.text(&format!("{address:#x}")));
            let number = self.number(frame);
            self.add(address, [is_instruction, is_call], vec![number]);
        }
    }

    fn frame(&mut self, code: Code<'_>, in_app: &[&str]) -> u32 {
        let Function { name, krate } = Function::of(code.symbol, code.file);
        let function = self.text(&name);
        let file = code.file.map(|file| self.text(file));
        let is_ours = in_app.contains(&krate.as_str());
        let waits_for_events = krate == "mio" || name.starts_with("epoll_");
        self.number(Frame { function, file, line: code.line, is_ours, waits_for_events })
    }

    fn number(&mut self, frame: Frame) -> u32 {
        let next = self.frames.len() as u32;
        *self.numbers.entry(frame).or_insert_with_key(|frame| {
            self.frames.push(frame.clone());
            next
        })
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }

    fn stand_in(&self, address: u64) -> Option<&Frames> {
        let (before, below) = self.instructions.range(..=address).next_back()?;
        if *before == address {
            return Some(below);
        }
        let (after, above) = self.instructions.range(address..).next()?;
        let name = self.function(below).filter(|name| self.function(above) == Some(*name))?;
        let (up, down) = (after - address, address - before);
        let is_known = self.of_function.get(name).is_some_and(|count| *count >= OF_FUNCTION);
        (is_known || up.min(down) <= NEAR).then_some(if up < down { above } else { below })
    }

    /// The function whose code is there, whatever was inlined into it.
    fn function(&self, frames: &[u32]) -> Option<&Arc<str>> {
        Some(&self.frames.get(*frames.last()? as usize)?.function)
    }
}

#[cfg(test)]
mod tests;

//! The frames and the stacks of a chunk, each once.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::DEPTH;
use super::symbols::Symbols;

/// What a stack says about its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is in code of ours, or waits for something below it.
    Ours,
    /// It has no frame of ours: busy only while it runs.
    Foreign,
    /// It is an event loop that has nothing to do, though ours may have called it.
    WaitsForEvents,
}

/// Frames and stacks by their numbers.
#[derive(Debug, Serialize)]
pub(super) struct Table<'a> {
    frames: Frames<'a>,
    /// Innermost frame first.
    stacks: Vec<Vec<u32>>,
    #[serde(skip)]
    numbers: HashMap<Vec<u32>, u32>,
}

/// Those of the known frames that the chunk has.
#[derive(Debug)]
struct Frames<'a> {
    symbols: &'a Symbols,
    /// Their numbers among all that are known, and the other way round.
    known: Vec<u32>,
    numbers: HashMap<u32, u32>,
}

impl<'a> Table<'a> {
    pub(super) fn new(symbols: &'a Symbols) -> Self {
        let frames = Frames { symbols, known: Vec::new(), numbers: HashMap::new() };
        Self { frames, stacks: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of the stack of these addresses, innermost first, and what it says.
    pub(super) fn stack(&mut self, addresses: &[u64]) -> (u32, Kind) {
        let symbols = self.frames.symbols;
        let mut frames = Vec::new();
        let mut kind = Kind::Foreign;
        for (depth, address) in addresses.iter().enumerate() {
            // What there was no room for is left out.
            let at = symbols.at(*address, depth > 0).unwrap_or_default();
            let any = |is: fn(&super::frame::Frame) -> bool| {
                at.iter().filter_map(|number| symbols.frame(*number)).any(is)
            };
            if kind == Kind::Foreign && any(|frame| frame.waits_for_events) {
                kind = Kind::WaitsForEvents;
            } else if kind == Kind::Foreign && any(|frame| frame.is_ours) {
                kind = Kind::Ours;
            }
            frames.extend(at.iter().map(|number| self.frames.number(*number)));
        }
        if frames.is_empty() {
            // Nobody knows what it does. An empty stack is what a thread has that waits.
            kind = Kind::WaitsForEvents;
        }
        frames.truncate(DEPTH);
        (self.number(frames), kind)
    }

    /// All stacks have their numbers.
    pub(super) fn complete(&mut self) {
        self.numbers = HashMap::new();
    }

    /// The number of the empty stack.
    pub(super) fn idle(&mut self) -> u32 {
        self.number(Vec::new())
    }

    fn number(&mut self, frames: Vec<u32>) -> u32 {
        let next = self.stacks.len() as u32;
        *self.numbers.entry(frames).or_insert_with_key(|frames| {
            self.stacks.push(frames.clone());
            next
        })
    }
}

impl Frames<'_> {
    fn number(&mut self, known: u32) -> u32 {
        let next = self.known.len() as u32;
        *self.numbers.entry(known).or_insert_with(|| {
            self.known.push(known);
            next
        })
    }
}

impl Serialize for Frames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.known.iter().filter_map(|number| self.symbols.frame(*number)))
    }
}

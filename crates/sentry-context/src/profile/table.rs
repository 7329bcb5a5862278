//! The frames and the stacks of a chunk, each once.

use std::collections::HashMap;
use std::sync::Arc;

use sentry::protocol::Frame as Symbol;
use serde::Serialize;

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

/// A frame, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
struct Frame {
    function: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abs_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lineno: Option<u64>,
    in_app: bool,
}

/// Frames and stacks by their numbers.
#[derive(Debug, Default, Serialize)]
pub(super) struct Table {
    frames: Vec<Frame>,
    /// Innermost frame first.
    stacks: Vec<Vec<u32>>,
    #[serde(skip)]
    frame_numbers: HashMap<Frame, u32>,
    #[serde(skip)]
    stack_numbers: HashMap<Vec<u32>, u32>,
    #[serde(skip)]
    addresses: HashMap<u64, Address>,
}

/// The frames at an address, innermost first.
#[derive(Debug, Clone, Default)]
struct Address {
    frames: Vec<u32>,
    is_ours: bool,
    waits_for_events: bool,
}

impl Table {
    /// The number of the stack of these addresses, innermost first, and what it says.
    pub(super) fn stack(&mut self, addresses: &[u64], in_app: &[&str], symbols: &mut Symbols) -> (u32, Kind) {
        let mut frames = Vec::new();
        let mut kind = Kind::Foreign;
        for (depth, address) in addresses.iter().enumerate() {
            let at = self.address(*address, in_app, || match depth {
                0 => symbols.at_instruction(*address),
                _ => symbols.at_call(*address),
            });
            kind = match kind {
                Kind::Foreign if at.waits_for_events => Kind::WaitsForEvents,
                Kind::Foreign if at.is_ours => Kind::Ours,
                known => known,
            };
            frames.extend(&at.frames);
        }
        frames.truncate(DEPTH);
        (self.number(frames), kind)
    }

    /// The number of the empty stack.
    pub(super) fn idle(&mut self) -> u32 {
        self.number(Vec::new())
    }

    fn number(&mut self, frames: Vec<u32>) -> u32 {
        let next = self.stacks.len() as u32;
        *self.stack_numbers.entry(frames).or_insert_with_key(|frames| {
            self.stacks.push(frames.clone());
            next
        })
    }

    fn address(
        &mut self,
        address: u64,
        in_app: &[&str],
        symbols: impl FnOnce() -> Arc<[Symbol]>,
    ) -> &Address {
        if !self.addresses.contains_key(&address) {
            let mut at = Address::default();
            for symbol in symbols().iter().rev() {
                let is_ours = symbol.package.as_deref().is_some_and(|krate| in_app.contains(&krate));
                at.is_ours |= is_ours;
                at.waits_for_events |= waits_for_events(symbol);
                let frame = Frame::of(symbol, address, is_ours);
                at.frames.push(self.frame(frame));
            }
            self.addresses.insert(address, at);
        }
        self.addresses.entry(address).or_default()
    }

    fn frame(&mut self, frame: Frame) -> u32 {
        let next = self.frames.len() as u32;
        *self.frame_numbers.entry(frame).or_insert_with_key(|frame| {
            self.frames.push(frame.clone());
            next
        })
    }
}

impl Frame {
    /// Without an address where it has a name, or each instruction of a function would be a function of its own.
    fn of(symbol: &Symbol, address: u64, in_app: bool) -> Self {
        let function = symbol.function.clone().unwrap_or_else(|| format!("{address:#x}"));
        let Symbol { module, filename, abs_path, lineno, .. } = symbol.clone();
        Self { function, module, filename, abs_path, lineno, in_app }
    }
}

/// Is it the call in which an event loop sleeps?
fn waits_for_events(symbol: &Symbol) -> bool {
    symbol.package.as_deref() == Some("mio")
        || symbol.function.as_deref().is_some_and(|name| name.starts_with("epoll_"))
}

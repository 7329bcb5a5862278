//! Symbols of addresses, with few look-ups: the first one loads the symbol tables, which take more memory and time than
//! all the rest of a profile.
//!
//! Return addresses are as many as there are calls in the program, and are soon known. The instruction that a thread was
//! at may be any: once some of a function are known, the nearest of those stands for further ones between them. Its line
//! may be another one; its function is the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sentry::protocol::Frame;

/// Instructions of a function that are looked up whatever is known.
const OF_FUNCTION: u32 = 32;

/// An instruction this near, in bytes, to a known one of its function is not looked up.
const NEAR: u64 = 16;

/// Most instructions that are looked up.
const MOST: usize = 50_000;

/// Looks an address up: its frames, outermost first, since calls are inlined.
type LookUp = fn(u64) -> Arc<[Frame]>;

/// What is known of this process's addresses.
#[derive(Debug)]
pub(super) struct Symbols {
    look_up: LookUp,
    instructions: BTreeMap<u64, Arc<[Frame]>>,
    of_function: HashMap<String, u32>,
}

impl Symbols {
    pub(super) fn new(look_up: LookUp) -> Self {
        Self { look_up, instructions: BTreeMap::new(), of_function: HashMap::new() }
    }

    /// The frames of a return address.
    pub(super) fn at_call(&self, address: u64) -> Arc<[Frame]> {
        (self.look_up)(address)
    }

    /// The frames of an instruction.
    pub(super) fn at_instruction(&mut self, address: u64) -> Arc<[Frame]> {
        if let Some(known) = self.stand_in(address) {
            return Arc::clone(known);
        }
        let frames = (self.look_up)(address);
        if let Some(name) = function(&frames) {
            *self.of_function.entry(name.to_owned()).or_default() += 1;
        }
        self.instructions.insert(address, Arc::clone(&frames));
        frames
    }

    fn stand_in(&self, address: u64) -> Option<&Arc<[Frame]>> {
        let (before, below) = self.instructions.range(..=address).next_back()?;
        if *before == address || self.instructions.len() >= MOST {
            return Some(below);
        }
        let (after, above) = self.instructions.range(address..).next()?;
        let name = function(below).filter(|name| function(above) == Some(*name))?;
        let (up, down) = (after - address, address - before);
        let is_known = self.of_function.get(name).is_some_and(|count| *count >= OF_FUNCTION);
        (is_known || up.min(down) <= NEAR).then_some(if up < down { above } else { below })
    }
}

/// The function whose code is there, whatever was inlined into it.
fn function(frames: &[Frame]) -> Option<&str> {
    frames.first()?.function.as_deref()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static LOOK_UPS: Cell<usize> = const { Cell::new(0) };
    }

    /// A function of 4 KiB each, and every 64 bytes another one inlined.
    fn look_up(address: u64) -> Arc<[Frame]> {
        LOOK_UPS.set(LOOK_UPS.get() + 1);
        let frame = |name: String| Frame { function: Some(name), ..Frame::default() };
        [frame(format!("outer_{}", address / 4096)), frame(format!("inner_{}", address / 64))].into()
    }

    fn unnamed(_: u64) -> Arc<[Frame]> {
        LOOK_UPS.set(LOOK_UPS.get() + 1);
        [Frame::default()].into()
    }

    #[test]
    fn a_function_costs_a_few_look_ups_and_is_always_the_right_one() {
        let mut symbols = Symbols::new(look_up);
        let mut look_ups = Vec::new();
        for _ in 0..2 {
            let before = LOOK_UPS.get();
            // Each instruction of four functions, in an order without one.
            for number in 0..4 * 4096_u64 {
                let address = 4096 + number * 4_099 % (4 * 4096);
                let frames = symbols.at_instruction(address);
                assert_eq!(
                    function(&frames),
                    Some(format!("outer_{}", address / 4096).as_str()),
                    "{address}"
                );
            }
            look_ups.push(LOOK_UPS.get() - before);
        }
        // A function's ends are found step by step, since nothing is known beyond them.
        assert!(look_ups[0] <= 4 * 400 && look_ups[1] == 0, "{look_ups:?}");
    }

    #[test]
    fn an_address_is_looked_up_once_and_the_first_ones_of_a_function_exactly() {
        let mut symbols = Symbols::new(look_up);
        for round in 0..2 {
            for address in (4096..8192).step_by(4096 / 16) {
                let inner = format!("inner_{}", address / 64);
                assert_eq!(symbols.at_instruction(address)[1].function.as_deref(), Some(inner.as_str()));
            }
            assert_eq!(LOOK_UPS.get(), 16, "in round {round}");
        }
    }

    #[test]
    fn no_more_instructions_are_looked_up_than_their_bound() {
        let mut symbols = Symbols::new(unnamed);
        (0..2 * MOST as u64).for_each(|number| drop(symbols.at_instruction(number * 64)));
        assert_eq!((LOOK_UPS.get(), symbols.instructions.len()), (MOST, MOST));
    }
}

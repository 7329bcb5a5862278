use std::cell::Cell;

use super::*;

thread_local! {
    static LOOK_UPS: Cell<usize> = const { Cell::new(0) };
}

/// A function of 4 KiB each, and every 64 bytes another one inlined.
#[derive(Debug)]
struct Functions;

impl Resolve for Functions {
    fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool) {
        for address in addresses {
            LOOK_UPS.set(LOOK_UPS.get() + 1);
            let functions = [format!("a::inner_{}", address / 64), format!("a::outer_{}", address / 4096)];
            if !functions
                .iter()
                .all(|symbol| found(*address, Code { symbol, file: None, line: None, column: None }))
            {
                return;
            }
        }
    }
}

/// Knows nothing.
#[derive(Debug)]
struct Nothing;

impl Resolve for Nothing {
    fn resolve(&mut self, addresses: &[u64], _: &mut dyn FnMut(u64, Code<'_>) -> bool) {
        LOOK_UPS.set(LOOK_UPS.get() + addresses.len());
    }
}

fn of_functions() -> Symbols {
    Symbols::new(Box::new(Functions), &[])
}

fn learn(symbols: &mut Symbols, stacks: &[&[u64]]) {
    assert!(symbols.learn(stacks, || true));
}

/// The names at an instruction, innermost first.
fn names(symbols: &Symbols, address: u64) -> Vec<&str> {
    let numbers = symbols.at(address, false).unwrap_or_default();
    numbers.iter().map(|number| &*symbols.frame(*number).unwrap().function).collect()
}

#[test]
fn a_function_costs_a_few_look_ups_and_is_always_the_right_one() {
    let mut symbols = of_functions();
    let mut look_ups = Vec::new();
    for _ in 0..2 {
        let before = LOOK_UPS.get();
        // Each instruction of four functions, in an order without one.
        for number in 0..4 * 4096_u64 {
            let address = 4096 + number * 4_099 % (4 * 4096);
            learn(&mut symbols, &[&[address]]);
            let outer = format!("a::outer_{}", address / 4096);
            assert_eq!(names(&symbols, address).last(), Some(&outer.as_str()), "{address}");
        }
        look_ups.push(LOOK_UPS.get() - before);
    }
    // A function's ends are found step by step, since nothing is known beyond them.
    assert!(look_ups[0] <= 4 * 400 && look_ups[1] == 0, "{look_ups:?}");
}

#[test]
fn an_address_is_looked_up_once_and_the_first_ones_of_a_function_exactly() {
    let mut symbols = of_functions();
    for round in 0..2 {
        let addresses: Vec<u64> = (4096..8192).step_by(4096 / 16).collect();
        let stacks: Vec<&[u64]> = addresses.chunks(1).collect();
        learn(&mut symbols, &stacks);
        for address in addresses {
            assert_eq!(names(&symbols, address)[0], format!("a::inner_{}", address / 64));
        }
        assert_eq!(LOOK_UPS.get(), 16, "in round {round}");
    }
}

#[test]
fn a_call_and_an_instruction_at_one_address_are_looked_up_once() {
    let mut symbols = of_functions();
    learn(&mut symbols, &[&[64, 128], &[128, 64]]);
    assert_eq!(LOOK_UPS.get(), 2);
    for address in [64, 128] {
        assert_eq!(symbols.at(address, true), symbols.at(address, false));
    }
}

#[test]
fn beyond_their_bound_all_are_forgotten_and_no_more_are_looked_up_at_once() {
    let mut symbols = Symbols::new(Box::new(Nothing), &[]);
    let addresses: Vec<u64> = (1..=2 * MOST as u64).map(|number| number * 64).collect();
    let (first, second) = addresses.split_at(MOST);
    let call = |address: &u64| [0, *address];
    for half in [first, second] {
        let stacks: Vec<[u64; 2]> = half.iter().skip(1).map(call).collect();
        learn(&mut symbols, &stacks.iter().map(|stack| &stack[..]).collect::<Vec<_>>());
        assert!(symbols.known.calls.len() + symbols.known.instructions.len() <= MOST);
    }
    assert!(symbols.at(first[7], true).is_none() && symbols.at(second[7], true).is_some());
    let before = LOOK_UPS.get();
    let stacks: Vec<[u64; 2]> = addresses.iter().map(call).collect();
    learn(&mut symbols, &stacks.iter().map(|stack| &stack[..]).collect::<Vec<_>>());
    assert_eq!(LOOK_UPS.get() - before, MOST);
    assert!(symbols.known.frames.len() <= MOST);
}

#[test]
fn what_is_not_known_is_a_function_of_its_own() {
    let mut symbols = Symbols::new(Box::new(Nothing), &[]);
    learn(&mut symbols, &[&[0x9000], &[0xa000]]);
    assert_eq!((names(&symbols, 0x9000), names(&symbols, 0xa000)), (vec!["0x9000"], vec!["0xa000"]));
    learn(&mut symbols, &[&[0x9000]]);
    assert_eq!(LOOK_UPS.get(), 2);
}

#[test]
fn a_look_up_that_is_stopped_leaves_what_it_found() {
    let mut symbols = of_functions();
    let left = Cell::new(5);
    let go_on = || left.replace(left.get() - 1) > 1;
    assert!(!symbols.learn(&[&[64], &[128], &[192], &[256]], go_on));
    assert_eq!(names(&symbols, 128).len(), 2);
    assert!([192, 256].iter().all(|address| symbols.at(*address, false).is_none()));
    learn(&mut symbols, &[&[256]]);
    assert_eq!(names(&symbols, 256).len(), 2);
}

#[test]
fn no_more_is_noted_as_left_out_than_its_bound() {
    let mut symbols = of_functions();
    for first in [0, 1, 2] {
        let addresses: Vec<u64> = (1..LEFT_OUT as u64).map(|number| 64 * (3 * number + first)).collect();
        assert!(symbols.learn_what_recurs(&[&addresses], || true));
        assert!(symbols.left_out.len() <= LEFT_OUT && LOOK_UPS.get() == 0);
    }
}

//! Names of addresses, each looked up once.
//!
//! What is known already is there at once, whoever looks something up at the moment. Profiles have a
//! [`Resolve`] of their own, so that errors do not wait for the thousands of addresses of a profile.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};

use sentry::protocol::{Addr, Frame};

use super::names::{self, Function};
use super::source;
use crate::platform::{self, Code, Resolve};

/// Most addresses that are known: some 10 MB. Beyond it, all are forgotten, and looked up again where they are needed.
const MOST: usize = 10_000;

/// The frames at an address, outermost first: several where calls were inlined.
type Resolved = Arc<[Frame]>;

/// What was looked up: an address always means the same. Never locked during a look-up.
static RESOLVED: LazyLock<Mutex<HashMap<u64, Resolved>>> = LazyLock::new(Mutex::default);

/// Locked while addresses are looked up.
static RESOLVER: Mutex<Resolver> = Mutex::new(Resolver { loaded: None, is_idle: false });

struct Resolver {
    loaded: Option<Box<dyn Resolve>>,
    /// Nothing was looked up since [`rest`] was called.
    is_idle: bool,
}

/// The frames at each of the addresses.
pub(super) fn at(addresses: &BTreeSet<u64>) -> HashMap<u64, Resolved> {
    let found = known(addresses);
    if found.len() == addresses.len() {
        return found;
    }
    let mut resolver = lock(&RESOLVER);
    // Another thread may have been faster.
    let mut found = known(addresses);
    let unknown: Vec<u64> =
        addresses.iter().copied().filter(|address| !found.contains_key(address)).collect();
    if !unknown.is_empty() {
        resolver.is_idle = false;
        let loaded = resolver.loaded.get_or_insert_with(|| platform::current().resolver_of_events());
        let looked_up = look_up(&mut **loaded, &unknown);
        keep(&mut lock(&RESOLVED), &looked_up);
        found.extend(looked_up);
    }
    found
}

/// Drops the resolver once nothing was looked up between two calls; what was resolved stays. Never waits.
pub(crate) fn rest() {
    let mut resolver = match RESOLVER.try_lock() {
        Ok(resolver) => resolver,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // It is in use at this moment.
        Err(TryLockError::WouldBlock) => return,
    };
    if resolver.is_idle && resolver.loaded.take().is_some() {
        platform::current().release_memory();
    }
    resolver.is_idle = true;
}

fn known(addresses: &BTreeSet<u64>) -> HashMap<u64, Resolved> {
    let resolved = lock(&RESOLVED);
    let frames = |address: &u64| Some((*address, Arc::clone(resolved.get(address)?)));
    addresses.iter().filter_map(frames).collect()
}

fn keep(resolved: &mut HashMap<u64, Resolved>, more: &HashMap<u64, Resolved>) {
    if resolved.len() + more.len() > MOST {
        resolved.clear();
    }
    resolved.extend(more.iter().take(MOST).map(|(address, frames)| (*address, Arc::clone(frames))));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of addresses that ascend.
fn look_up(resolver: &mut dyn Resolve, addresses: &[u64]) -> HashMap<u64, Resolved> {
    let mut frames: HashMap<u64, Vec<Frame>> = HashMap::new();
    resolver.resolve(addresses, &mut |address, code| {
        frames.entry(address).or_default().push(named(address, code));
        true
    });
    let of = |address: &u64| {
        // In a stripped binary; a server that has its symbols names it by the image and this address.
        let mut frames = frames.remove(address).unwrap_or_else(|| vec![super::frame_at(*address)]);
        frames.reverse();
        (*address, frames.into())
    };
    addresses.iter().map(of).collect()
}

fn named(address: u64, code: Code<'_>) -> Frame {
    let Function { name, krate } = Function::of(code.symbol, code.file);
    Frame {
        module: names::module(&name),
        package: Some(krate),
        filename: code.file.map(source::short_name),
        abs_path: code.file.map(str::to_owned),
        lineno: code.line.map(u64::from),
        colno: code.column.map(u64::from),
        function: Some(name),
        instruction_addr: Some(Addr(address)),
        ..Frame::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names each address after itself.
    #[derive(Debug)]
    struct Numbers(usize);

    impl Resolve for Numbers {
        fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool) {
            for address in addresses.iter().filter(|address| **address % 2 == 0) {
                self.0 += 1;
                for symbol in ["shop::inner", "shop::outer"] {
                    found(*address, Code { symbol, file: Some("src/a.rs"), line: Some(7), column: Some(3) });
                }
            }
        }
    }

    #[test]
    fn what_is_known_is_there_while_another_address_is_looked_up() {
        let addresses = [0x51].into();
        let before = at(&addresses);
        assert_eq!(before[&0x51].len(), 1);
        let tables = lock(&RESOLVER);
        assert_eq!(at(&addresses), before);
        // The thread that delivers calls it.
        rest();
        drop(tables);
    }

    #[test]
    fn an_address_has_its_calls_outermost_first_and_one_without_a_name_stays_an_address() {
        let mut resolver = Numbers(0);
        let found = look_up(&mut resolver, &[3, 4]);
        let names = |address| found[&address].iter().map(|it| it.function.as_deref()).collect::<Vec<_>>();
        assert_eq!((names(4), names(3)), (vec![Some("shop::outer"), Some("shop::inner")], vec![None]));
        let frame = &found[&4][0];
        assert_eq!(
            (frame.lineno, frame.colno, frame.filename.as_deref()),
            (Some(7), Some(3), Some("src/a.rs"))
        );
        assert!(
            found.values().flat_map(|frames| frames.iter()).all(|frame| frame.instruction_addr.is_some())
        );
    }

    #[test]
    fn beyond_their_bound_all_addresses_are_forgotten() {
        let (mut resolver, mut resolved) = (Numbers(0), HashMap::new());
        for first in (0..).step_by(2_000).take(2 * MOST / 2_000 + 1) {
            let addresses: Vec<u64> = (first..first + 2_000).collect();
            let looked_up = look_up(&mut resolver, &addresses);
            keep(&mut resolved, &looked_up);
            assert!(resolved.len() <= MOST && looked_up.keys().all(|address| resolved.contains_key(address)));
        }
        assert_eq!(resolved.len(), 2_000);
    }
}

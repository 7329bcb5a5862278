//! Names of addresses, each looked up once.
//!
//! What is known already is there at once, whoever looks something up at the moment. Profiles have look-ups of their own
//! ([`Resolve`](crate::platform::Resolve)), which leave these tables alone.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};

use sentry::protocol::{Addr, Frame};

use super::names::{self, Function};
use super::source;
use crate::platform;

/// The frames at an address, outermost first: several where calls were inlined.
type Resolved = Arc<[Frame]>;

/// What was looked up: an address always means the same. Never locked during a look-up.
static RESOLVED: LazyLock<Mutex<HashMap<u64, Resolved>>> = LazyLock::new(Mutex::default);

/// The tables take 100 MB for a large binary, and 150 ms to load. Locked while one address is looked up.
static TABLES: Mutex<Tables> = Mutex::new(Tables::Unloaded);

#[derive(PartialEq)]
enum Tables {
    Unloaded,
    InUse,
    Idle,
}

/// The frames at an address.
pub(super) fn at(address: u64) -> Resolved {
    known(address).unwrap_or_else(|| looked_up(address))
}

/// Unloads the symbol tables once nothing was looked up between two calls; what was resolved stays. Never waits.
pub(crate) fn rest() {
    let mut tables = match TABLES.try_lock() {
        Ok(tables) => tables,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // They are in use at this moment.
        Err(TryLockError::WouldBlock) => return,
    };
    *tables = match *tables {
        Tables::InUse => Tables::Idle,
        Tables::Idle => {
            backtrace::clear_symbol_cache();
            platform::current().release_memory();
            Tables::Unloaded
        }
        Tables::Unloaded => Tables::Unloaded,
    };
}

fn known(address: u64) -> Option<Resolved> {
    lock(&RESOLVED).get(&address).map(Arc::clone)
}

fn looked_up(address: u64) -> Resolved {
    let mut tables = lock(&TABLES);
    // Another thread may have been faster.
    known(address).unwrap_or_else(|| {
        *tables = Tables::InUse;
        let frames: Resolved = look_up(address).into();
        lock(&RESOLVED).insert(address, Arc::clone(&frames));
        frames
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look_up(address: u64) -> Vec<Frame> {
    let mut frames = Vec::new();
    backtrace::resolve(address as *mut c_void, |symbol| {
        let Some(name) = symbol.name() else { return };
        let path = symbol.filename().map(|path| path.to_string_lossy().into_owned());
        let Function { name, krate } = Function::of(name.as_str().unwrap_or_default(), path.as_deref());
        frames.push(Frame {
            module: names::module(&name),
            package: Some(krate),
            filename: path.as_deref().map(source::short_name),
            abs_path: path,
            lineno: symbol.lineno().map(u64::from),
            colno: symbol.colno().map(u64::from),
            function: Some(name),
            instruction_addr: Some(Addr(address)),
            ..Frame::default()
        });
    });
    if frames.is_empty() {
        // In a stripped binary; a server that has its symbols names it by the image and this address.
        frames.push(Frame { instruction_addr: Some(Addr(address)), ..Frame::default() });
    }
    frames.reverse();
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_there_while_another_address_is_looked_up() {
        let address = 0x51;
        let before = at(address);
        let tables = lock(&TABLES);
        assert_eq!(at(address), before);
        // The thread that delivers calls it.
        rest();
        drop(tables);
    }
}

//! What safe and portable code cannot do: signals, stacks of other threads, the allocator.
//!
//! This library contains no unsafe code and runs on every platform that Rust's standard library supports. A
//! [`Platform`] adds the rest. A service names one in [`Service::platform`](crate::client::Service::platform): either
//! [`Portable`], which adds nothing, or that of a native library, such as `sentry_native::Native`. It belongs to the
//! process: the first client that is made installs it.

use std::ffi::c_void;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use sentry::Hub;
use serde::{Deserialize, Serialize};

use crate::profile::active;
use crate::profile::lifecycle::Lifecycle;
use crate::profile::recorder::Recorder;

/// The parts that a native library can add. Each method has a portable default, which does nothing or the least.
pub trait Platform: fmt::Debug + Send + Sync {
    /// What does not work here, in words. The client logs it once when the process starts.
    fn unavailable(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Calls `work` exactly once. A stall during the call is reported under `hub`.
    fn attribute(&self, _hub: &Arc<Hub>, work: &mut dyn FnMut()) {
        work();
    }

    /// Walks the caller's stack, innermost frame first. Passes each return address to `keep` until that returns false.
    fn walk_stack(&self, keep: &mut dyn FnMut(u64) -> bool) {
        backtrace::trace(|frame| keep(frame.ip() as u64));
    }

    /// Reports the earlier runs that ended without a report, and records this one. `None` if nothing is recorded.
    fn begin_run(&self, _run: &NewRun<'_>, _hub: &Arc<Hub>) -> io::Result<Option<Box<dyn Run>>> {
        Ok(None)
    }

    /// Records the panics that are about to abort the process, so that the next run reports them. Called on the
    /// panicking thread, possibly more than once: the last call counts.
    fn record_panics(&self, _panics: &[Panic]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Samples all threads of the process [`FREQUENCY`](crate::profile::FREQUENCY) times a second from now on, but for
    /// those whose names begin with `sentry-`. `None` if that is not possible.
    fn profile(&self, _lifecycle: Lifecycle, _recorder: Recorder) -> io::Result<Option<Box<dyn Sampling>>> {
        Ok(None)
    }

    /// What names the addresses of events and of samples. The memory that it takes is free once it is dropped.
    fn resolver(&self) -> Box<dyn Resolve> {
        Box::new(SymbolTables)
    }

    /// The same for events alone, which may take more memory.
    fn resolver_of_events(&self) -> Box<dyn Resolve> {
        self.resolver()
    }

    /// The calling thread's number as the system has it, which samples of a profile bear.
    fn thread_id(&self) -> Option<u64> {
        None
    }

    /// Returns freed memory to the operating system. Allocators keep it otherwise.
    fn release_memory(&self) {}

    /// Lets all other threads run before the calling one.
    fn lower_priority(&self) {}
}

/// A platform that adds nothing.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

impl Platform for Portable {}

/// A run of the process that is about to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Where records are kept.
    pub folder: &'a Path,
    /// The name of the service.
    pub service: &'static str,
    /// Exception type of a panic.
    pub panic_type: &'static str,
    /// `NAME@VERSION`.
    pub release: &'a str,
}

/// A run that is recorded until it ends. Dropped without [`end`](Run::end), the next run reports it.
pub trait Run: fmt::Debug + Send {
    /// The run ends in order: there is nothing to report.
    fn end(self: Box<Self>);
}

/// Samples that are taken until it is stopped.
pub trait Sampling: fmt::Debug + Send {
    /// Asks the sampler to end, which then leaves the last recording. Does not wait for it.
    fn stop(self: Box<Self>);
}

/// Names addresses of this process.
pub trait Resolve: fmt::Debug + Send {
    /// Passes what is at each of the addresses, which ascend and are return addresses, to `found` until that returns
    /// false. An address is passed several times in a row where calls were inlined, innermost first, and not at all
    /// where nothing is known of it. Modules and addresses come in any order.
    fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool);
}

/// The code at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code<'a> {
    /// The function, as the linker names it.
    pub symbol: &'a str,
    /// The file of its source.
    pub file: Option<&'a str>,
    /// The line.
    pub line: Option<u32>,
    /// The column.
    pub column: Option<u32>,
}

/// The symbol tables of all files of the process, which take 100 MB for a large binary, and 150 ms to load.
#[derive(Debug)]
struct SymbolTables;

impl Resolve for SymbolTables {
    fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool) {
        let mut is_wanted = true;
        for address in addresses {
            if !is_wanted {
                return;
            }
            backtrace::resolve(*address as *mut c_void, |symbol| {
                let Some(name) = symbol.name() else { return };
                let file = symbol.filename().map(|path| path.to_string_lossy());
                let code = Code {
                    symbol: name.as_str().unwrap_or_default(),
                    file: file.as_deref(),
                    line: symbol.lineno(),
                    column: symbol.colno().filter(|column| *column > 0),
                };
                is_wanted &= found(*address, code);
            });
        }
    }
}

impl Drop for SymbolTables {
    fn drop(&mut self) {
        backtrace::clear_symbol_cache();
    }
}

/// A panic, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    /// Its message, redacted.
    pub text: String,
    /// File, line and column.
    pub place: String,
    /// Return addresses, innermost first.
    pub addresses: Vec<u64>,
}

impl Panic {
    /// Panics of one thread that are recorded: the first, from which the others follow, and the last ones.
    pub const MOST: usize = 4;
    /// Longest text, bytes.
    pub const TEXT: usize = 1024;
    /// Longest place, bytes.
    pub const PLACE: usize = 256;
    /// Most return addresses.
    pub const DEPTH: usize = 128;

    /// Does the process abort because of this panic, whoever would catch it?
    pub fn is_fatal(&self) -> bool {
        FATAL.iter().any(|beginning| self.text.starts_with(beginning))
    }
}

/// How the compiler and the standard library begin the messages of panics that may not unwind.
const FATAL: [&str; 6] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
    "unsafe precondition(s) violated",
    "misaligned pointer dereference",
    "null pointer dereference occurred",
    "trying to construct an enum from an invalid value",
];

static PLATFORM: OnceLock<&'static dyn Platform> = OnceLock::new();

/// Makes it the process's own, unless there is one.
pub(crate) fn install(platform: &'static dyn Platform) {
    let _ = PLATFORM.set(platform);
}

/// The process's own.
pub(crate) fn current() -> &'static dyn Platform {
    PLATFORM.get().copied().unwrap_or(&Portable)
}

/// Returns freed memory to the operating system where the platform can, so that a released leak shows as one.
pub fn give_memory_back() {
    current().release_memory();
}

/// A future whose stalls are reported under the hub of the caller, and whose samples are those of that span.
pub(crate) async fn attributed<F: Future>(mut span: u64, work: F) -> F::Output {
    let hub = Hub::current();
    let mut work = pin!(work);
    let poll = |context: &mut Context<'_>| {
        let mut polled = Poll::Pending;
        let _active = active::Active::new(span);
        current().attribute(&hub, &mut || polled = work.as_mut().poll(context));
        // It may have begun a span, or ended one.
        span = active::get();
        polled
    };
    poll_fn(poll).await
}

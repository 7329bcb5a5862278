//! In the child: no service and no Sentry, only the crash and the handler that records it.

use std::ffi::{c_int, c_void};
use std::fs;
use std::io::Write;
use std::mem::MaybeUninit;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::alarm;

use super::record::{self, THREAD, WORDS};
use crate::linux::stack::{Registers, Thread};

/// Its stack: some thousand frames deep, and quick to hand over.
const STACK: usize = 512 * 1024;

/// The handler's own stack, since the thread's is used up.
const HANDLER_STACK: usize = 64 * 1024;

/// How long a child lasts whose parent does not stop it, seconds.
const LONGEST_LIFE: u32 = 30;

/// The signals that a fault of the process's own code raises.
const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, libc::SIGILL, libc::SIGFPE];

static STACK_START: AtomicU64 = AtomicU64::new(0);
static STACK_END: AtomicU64 = AtomicU64::new(0);

/// Runs `work` on a thread of its own, where it crashes. Work that returns ends the process with status 1: it was no crash.
pub fn crash(work: fn()) -> ! {
    let crashing = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK).spawn(move || {
        if prepare().is_some() {
            work();
        }
    });
    let _ = crashing.map(thread::JoinHandle::join);
    process::exit(1)
}

/// Sends the parent the memory map, and sets the handler.
fn prepare() -> Option<()> {
    let stack = Thread::current()?.stack;
    STACK_START.store(stack.start, Relaxed);
    STACK_END.store(stack.end, Relaxed);
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&record::maps(&maps)).ok()?;
    stdout.flush().ok()?;
    leave_nothing();
    let stack = Box::leak(vec![0_u8; HANDLER_STACK].into_boxed_slice());
    let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: stack.len() };
    // SAFETY: the memory is leaked, so it outlives the thread that handles signals on it.
    (unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) } == 0).then_some(())?;
    SIGNALS.into_iter().all(handle).then_some(())
}

/// No core file, not even where a program collects them regardless of the limit; and no process without an end.
fn leave_nothing() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = prctl::set_dumpable(false);
    alarm::set(LONGEST_LIFE);
}

fn handle(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero `sigaction` is a valid one; its handler has the signature that `SA_SIGINFO` asks for, and
    // does nothing that a signal handler may not.
    unsafe {
        let action = action.assume_init_mut();
        action.sa_sigaction = report as *const () as usize;
        // The default action is back when the handler runs: as it returns, the same instruction ends the process.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
        libc::sigaction(signal, action, std::ptr::null_mut()) == 0
    }
}

/// Writes what is left of the thread to the pipe. No lock, no allocation, no panic.
extern "C" fn report(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with `SA_SIGINFO` the system passes both; signals without an address have other numbers in its place.
    let (code, fault, registers) = unsafe {
        ((*info).si_code, (*info).si_addr() as u64, Registers::of(&*context.cast::<libc::ucontext_t>()))
    };
    let (start, end) = (STACK_START.load(Relaxed), STACK_END.load(Relaxed));
    let length = end.saturating_sub(registers.sp).min(STACK as u64);
    let Registers { ip, sp, fp, lr } = registers;
    let words: [u64; WORDS] = [signal as u64, code as u64, fault, start, ip, sp, fp, lr, length];
    write(words.as_ptr().cast(), size_of_val(&words));
    // An overflow ends below the stack: the pointer may be in the guard page, which cannot be read; `write` then fails,
    // and starts again where the stack begins.
    let page = 4096 - (registers.sp & 4095);
    if !write(registers.sp as *const u8, length as usize) {
        write_zeros(page as usize);
        write((registers.sp + page) as *const u8, length.saturating_sub(page) as usize);
    }
}

/// Writes all of it, unless the system refuses.
fn write(mut bytes: *const u8, mut length: usize) -> bool {
    while length > 0 {
        // SAFETY: the system checks the memory itself, and fails where it cannot be read.
        let written = unsafe { libc::write(libc::STDOUT_FILENO, bytes.cast(), length) };
        let Ok(written @ 1..) = usize::try_from(written) else { return false };
        // SAFETY: so many bytes were just read from there.
        bytes = unsafe { bytes.add(written) };
        length -= written;
    }
    true
}

fn write_zeros(length: usize) {
    static ZEROS: [u8; 4096] = [0; 4096];
    write(ZEROS.as_ptr(), length.min(ZEROS.len()));
}

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{SigSet, Signal};

use super::*;
use crate::linux::stack::slot::LIMIT;

const PATIENCE: Duration = Duration::from_secs(30);

/// A thread that does that until the sender is dropped.
fn busy(work: impl Fn(&mpsc::Receiver<()>) + Send + 'static) -> (Thread, mpsc::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::channel();
    let (report, reported) = mpsc::channel();
    let thread = thread::spawn(move || {
        report.send(Thread::current().unwrap()).unwrap();
        work(&stopped);
    });
    (reported.recv().unwrap(), stop, thread)
}

fn end(stop: mpsc::Sender<()>, thread: JoinHandle<()>) {
    drop(stop);
    thread.join().unwrap();
}

fn is_open(gate: &mpsc::Receiver<()>) -> bool {
    gate.try_recv() == Err(mpsc::TryRecvError::Empty)
}

#[test]
fn a_stack_is_copied_up_to_a_bound() {
    #[inline(never)]
    fn deep(levels: u32, gate: &mpsc::Receiver<()>) {
        let room = black_box([0_u8; 1024]);
        if levels == 0 {
            let _ = gate.recv();
        } else {
            deep(levels - 1, gate);
        }
        black_box(room);
    }
    let (thread, stop, worker) = busy(|gate| deep(200, gate));
    let length = || interrupted(&thread, |stack| stack.bytes.len());
    // It may not have come there yet.
    while length() != Some(LIMIT) {
        thread::yield_now();
    }
    end(stop, worker);
}

#[test]
fn a_thread_is_asked_by_several_at_once_while_it_fails_system_calls() {
    let (thread, stop, worker) = busy(|gate| {
        while is_open(gate) {
            // SAFETY: there is no such descriptor.
            let closed = unsafe { libc::close(-1) };
            let error = std::io::Error::last_os_error().raw_os_error();
            assert_eq!((closed, error), (-1, Some(libc::EBADF)));
        }
    });
    let asking = (0..4).map(|_| {
        let thread = thread.clone();
        thread::spawn(move || {
            for _ in 0..500 {
                assert!(interrupted(&thread, |stack| !stack.bytes.is_empty()).is_none_or(|seen| seen));
            }
        })
    });
    asking.collect::<Vec<_>>().into_iter().for_each(|asking| asking.join().unwrap());
    end(stop, worker);
}

#[test]
fn a_thread_that_blocks_signals_answers_nobody_until_it_takes_them() {
    let taken = Arc::new(AtomicBool::new(false));
    let (report, reported) = mpsc::channel();
    let (take, block) = (Arc::clone(&taken), SigSet::all());
    let (thread, stop, worker) = busy(move |gate| {
        block.thread_block().unwrap();
        report.send(()).unwrap();
        while is_open(gate) {
            if take.load(Relaxed) {
                block.thread_unblock().unwrap();
            }
            thread::yield_now();
        }
    });
    reported.recv().unwrap();
    let asked = Asked::thread(&thread).unwrap();
    assert!(!asked.wait(Duration::from_millis(20)) && asked.answer().is_none());
    // Taken back, it is not answered later; the next one is.
    drop(asked);
    assert!(Asked::is_pending(thread.id));
    let asked = Asked::thread(&thread).unwrap();
    taken.store(true, Relaxed);
    assert!(asked.wait(PATIENCE) && asked.answer().is_some());
    while Asked::is_pending(thread.id) {
        thread::yield_now();
    }
    end(stop, worker);
}

#[test]
fn a_signal_that_nobody_sent_for_a_question_changes_nothing() {
    let (thread, stop, worker) = busy(|gate| {
        let _ = gate.recv();
    });
    let signal = (*signal()).unwrap();
    for _ in 0..100 {
        // SAFETY: the thread lives until this test ends it.
        assert_eq!(unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.id, signal) }, 0);
    }
    assert!(interrupted(&thread, |_| ()).is_some());
    end(stop, worker);
}

#[test]
fn a_stack_that_is_not_where_it_was_is_not_read() {
    let (mut thread, stop, worker) = busy(|gate| while is_open(gate) {});
    thread.owner += 16;
    assert_eq!(interrupted(&thread, |stack| stack.bytes.len()), Some(0));
    end(stop, worker);
}

#[test]
fn a_handler_on_its_own_stack_is_seen_there() {
    extern "C" fn spin(_: c_int) {
        let deadline = Instant::now() + Duration::from_millis(50);
        while Instant::now() < deadline {}
    }
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero `sigaction` is a valid one; the handler has the signature that no flag changes.
    unsafe {
        action.assume_init_mut().sa_sigaction = spin as *const () as usize;
        action.assume_init_mut().sa_flags = libc::SA_ONSTACK;
        libc::sigaction(libc::SIGUSR2, action.as_ptr(), ptr::null_mut());
    }
    // The standard library gives each of its threads a signal stack.
    let (thread, stop, worker) = busy(|gate| {
        while is_open(gate) {
            nix::sys::signal::raise(Signal::SIGUSR2).unwrap();
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let elsewhere =
        |stack: Stack<'_>| (!thread.stack.contains(&stack.registers.sp)).then_some(stack.bytes.len());
    let length = loop {
        assert!(Instant::now() < deadline, "never seen in its handler");
        if let Some(Some(length)) = interrupted(&thread, elsewhere) {
            break length;
        }
    };
    assert!((1..=LIMIT).contains(&length), "{length}");
    end(stop, worker);
}

#[test]
fn a_thread_without_a_core_is_waited_for_up_to_a_bound() {
    const LOOK: Duration = Duration::from_millis(1);
    let (ask, is_asked) = mpsc::channel();
    let (report, reported) = mpsc::channel();
    let block = SigSet::all();
    // Ready to run, and without an answer: so is a thread that has no core.
    let (thread, stop, worker) = busy(move |_| {
        block.thread_block().unwrap();
        report.send(()).unwrap();
        while is_open(&is_asked) {}
        let later = Instant::now() + 20 * LOOK;
        while Instant::now() < later {}
        block.thread_unblock().unwrap();
    });
    reported.recv().unwrap();
    let asked = Asked::thread(&thread).unwrap();
    assert!(!asked.wait_for_core(&thread, LOOK, 5 * LOOK));
    drop(ask);
    assert!(asked.wait_for_core(&thread, LOOK, PATIENCE));
    end(stop, worker);
}

#[test]
fn a_thread_is_runnable_unless_it_waits() {
    let (spinning, stop_spinning, spinner) = busy(|gate| while is_open(gate) {});
    let (waiting, stop_waiting, waiter) = busy(|gate| {
        let _ = gate.recv();
    });
    assert!(spinning.is_runnable());
    while waiting.is_runnable() {
        thread::yield_now();
    }
    end(stop_spinning, spinner);
    end(stop_waiting, waiter);
    assert!(!spinning.is_runnable(), "it has ended");
}

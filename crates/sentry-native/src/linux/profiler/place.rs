//! Where a thread waits, as the system says without waking it.

use std::fs::File;
use std::io::Read;

/// What `/proc/self/task/ID/syscall` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It runs, or waits for a processor.
    Running,
    /// It waits for events or for data, in a call that a signal ends with `EINTR` whatever its handler asks for: such a
    /// thread is left alone.
    ForEvents,
    /// It waits elsewhere in the system, called from code at `ip` with the stack at `sp`.
    Waits { sp: u64, ip: u64 },
}

/// Where a thread is; `None` if the system does not say, or the thread has ended.
pub(super) fn of(thread: i32) -> Option<Place> {
    // Nine numbers of up to 20 characters.
    let mut text = [0; 256];
    let length = File::open(format!("/proc/self/task/{thread}/syscall")).ok()?.read(&mut text).ok()?;
    parse(str::from_utf8(&text[..length]).ok()?)
}

/// `running`, or the number of the call and its six arguments, which a page fault does not have, the stack pointer, and
/// the instruction.
fn parse(text: &str) -> Option<Place> {
    let mut fields = text.split_ascii_whitespace();
    let call = fields.next()?;
    if call == "running" {
        return Some(Place::Running);
    }
    let call: libc::c_long = call.parse().ok()?;
    if is_for_events(call) {
        return Some(Place::ForEvents);
    }
    let mut from_end = fields.rev().map(|field| u64::from_str_radix(field.trim_start_matches("0x"), 16));
    let (ip, sp) = (from_end.next()?.ok()?, from_end.next()?.ok()?);
    Some(Place::Waits { sp, ip })
}

/// Calls that `signal(7)` says are not taken up again, but for those that sleep, which the standard library takes up
/// again itself: a sleep below code of ours is to be seen.
fn is_for_events(call: libc::c_long) -> bool {
    #[cfg(target_arch = "x86_64")]
    if matches!(call, libc::SYS_epoll_wait | libc::SYS_poll | libc::SYS_select | libc::SYS_pause) {
        return true;
    }
    let several = [libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2, libc::SYS_ppoll, libc::SYS_pselect6];
    // These are not where a socket has a timeout.
    let receive =
        [libc::SYS_recvfrom, libc::SYS_recvmsg, libc::SYS_recvmmsg, libc::SYS_accept, libc::SYS_accept4];
    let send = [libc::SYS_connect, libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_sendmmsg];
    let others = [
        libc::SYS_io_getevents,
        libc::SYS_msgrcv,
        libc::SYS_msgsnd,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_rt_sigsuspend,
        libc::SYS_rt_sigtimedwait,
    ];
    [&several[..], &receive, &send, &others].iter().any(|calls| calls.contains(&call))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_call_says_where_it_was_made() {
        let waits = Place::Waits { sp: 0x7ffe_0010, ip: 0x7f36 };
        assert_eq!(parse("202 0x1 0x80 0x0 0x0 0x0 0x0 0x7ffe0010 0x7f36\n"), Some(waits));
        assert_eq!(parse("-1 0x7ffe0010 0x7f36"), Some(waits));
        assert_eq!(parse("running\n"), Some(Place::Running));
        for call in [libc::SYS_epoll_pwait, libc::SYS_ppoll, libc::SYS_recvfrom, libc::SYS_connect] {
            let waits = format!("{call} 0x3 0x1 0x1 0xffffffff 0x0 0x8 0x1 0x2");
            assert_eq!(parse(&waits), Some(Place::ForEvents), "{call}");
        }
        let sleeps = format!("{} 0x0 0x0 0x1 0x1 0x0 0x0 0x1 0x2", libc::SYS_clock_nanosleep);
        assert_eq!(parse(&sleeps), Some(Place::Waits { sp: 1, ip: 2 }));
        for broken in ["", "\n", "x 0x1 0x2", "202", "202 0x1", "202 0xg 0x1"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_thread_of_this_process_is_found_where_it_waits() {
        let (report, reported) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let waiting = thread::spawn(move || {
            report.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = gate.recv();
        });
        let id = reported.recv().unwrap();
        // It may not have come there yet; and some systems do not say.
        while !matches!(of(id), Some(Place::Waits { .. }) | None) {
            thread::yield_now();
        }
        drop(open);
        waiting.join().unwrap();
    }

    proptest::proptest! {
        #[test]
        fn fuzz_any_text_is_a_place_or_none(text in r"(running|-?[0-9]{0,20}|0x[0-9a-f]{0,20}|[ \n]|é){0,12}") {
            let _ = parse(&text);
        }
    }
}

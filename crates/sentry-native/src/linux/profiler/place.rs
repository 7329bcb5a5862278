//! Where a thread waits, as the system says without waking it.

use std::fs::File;
use std::io::Read;

/// What `/proc/self/task/ID/syscall` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It runs, or waits for a processor.
    Running,
    /// It waits for events of many files.
    EventLoop,
    /// It waits in the system, called from code at `ip` with the stack at `sp`.
    Waits { sp: u64, ip: u64 },
}

/// Where a thread is; `None` where the system does not say, or the thread has ended.
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
    if is_event_loop(call) {
        return Some(Place::EventLoop);
    }
    let mut from_end = fields.rev().map(|field| u64::from_str_radix(field.trim_start_matches("0x"), 16));
    let (ip, sp) = (from_end.next()?.ok()?, from_end.next()?.ok()?);
    Some(Place::Waits { sp, ip })
}

fn is_event_loop(call: libc::c_long) -> bool {
    #[cfg(target_arch = "x86_64")]
    if call == libc::SYS_epoll_wait {
        return true;
    }
    call == libc::SYS_epoll_pwait || call == libc::SYS_epoll_pwait2
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
        let polls = format!("{} 0x3 0x1 0x1 0xffffffff 0x0 0x8 0x1 0x2", libc::SYS_epoll_pwait);
        assert_eq!(parse(&polls), Some(Place::EventLoop));
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

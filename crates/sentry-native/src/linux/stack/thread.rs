//! A thread that may be interrupted: its number and where its stack is.

use std::mem::MaybeUninit;
use std::ops::Range;

/// A thread of this process.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    /// As in `/proc/self/task`.
    pub(crate) id: i32,
    /// Its name, if it has one.
    pub(crate) name: String,
    /// The addresses of its stack.
    pub(crate) stack: Range<u64>,
    /// What `pthread_self` returns there: numbers of threads are used again.
    pub(crate) owner: u64,
}

impl Thread {
    /// The calling thread; `None` if the system does not say its stack.
    pub(crate) fn current() -> Option<Self> {
        let id = nix::unistd::gettid().as_raw();
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        // SAFETY: it reads the thread's own register.
        let owner = unsafe { libc::pthread_self() } as u64;
        Some(Self { id, name, stack: stack()?, owner })
    }

    /// Does it run, or could it run if it had a core? The third field of
    /// [`stat`](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html), after the name, which may be anything.
    pub(crate) fn is_runnable(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{}/stat", self.id)).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, fields)| fields.trim_start().starts_with('R'))
    }
}

fn stack() -> Option<Range<u64>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the calling thread exists; the attributes are made by the first call, read by the second only where
    // that succeeded, and given back by the third.
    let reported = unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let reported = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        reported
    };
    let start = start as u64;
    (reported == 0).then(|| start..start + size as u64)
}

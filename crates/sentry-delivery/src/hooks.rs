//! Calls into the process that the transport serves.

/// What a process does at certain moments of the transport, on the transport's own thread. Nothing by default.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// The thread that sends has started, and may lower its priority.
    pub thread_started: fn(),
    /// Four times a second: caches that only event processing needs may be dropped where they were not used.
    pub tick: fn(),
    /// The queues held megabytes and are empty now: the allocator may give them back.
    pub emptied: fn(),
}

impl Default for Hooks {
    fn default() -> Self {
        const fn nothing() {}
        Self { thread_started: nothing, tick: nothing, emptied: nothing }
    }
}

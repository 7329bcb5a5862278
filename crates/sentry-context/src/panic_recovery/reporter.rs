//! Makes the events of panics, on a thread of its own.
//!
//! A panic inside of the panic hook ends the process at once, and an event goes through code that is not ours: event
//! processors that a service has added to a scope. On another thread such a panic can be caught.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use sentry::protocol::Event;
use sentry::types::{Uuid, random_uuid};
use sentry::{Hub, Scope};

use crate::reported::Owner;

/// Events that wait for the thread; further ones are not made.
const QUEUED: usize = 256;

/// How long a panicking thread waits for its event to be made. It takes microseconds, unless an event processor waits
/// for what the panicking thread holds.
const PATIENCE: Duration = Duration::from_secs(1);

static JOBS: OnceLock<SyncSender<Job>> = OnceLock::new();

thread_local! {
    static IS_REPORTER: Cell<bool> = const { Cell::new(false) };
}

/// An event that was made, and in whose scope.
type Made = (Uuid, Option<Owner>);

struct Job {
    hub: Arc<Hub>,
    event: Event<'static>,
    made: SyncSender<Made>,
}

/// Starts the thread.
pub(super) fn start() {
    let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUED);
    let work = move || {
        IS_REPORTER.set(true);
        for Job { hub, event, made } in queue {
            // Whoever waited may have lost patience.
            let _ = made.send(make(&hub, event));
        }
    };
    match thread::Builder::new().name("panic-reporter".to_owned()).spawn(work) {
        Ok(_) => drop(JOBS.set(jobs)),
        Err(error) => {
            tracing::error!(%error, "no thread for the events of panics: the panicking threads make them")
        }
    }
}

/// Is this the thread itself? A panic there is an event processor's.
pub(super) fn is_this() -> bool {
    IS_REPORTER.get()
}

/// Makes the event under this thread's hub, waiting until it is made. The id is nil where it was not.
pub(super) fn report(mut event: Event<'static>) -> Made {
    let hub = Hub::current();
    event.event_id = random_uuid();
    let id = event.event_id;
    let Some(jobs) = JOBS.get() else { return make(&hub, event) };
    let (made, answer) = mpsc::sync_channel(1);
    match jobs.try_send(Job { hub, event, made }) {
        Ok(()) => answer.recv_timeout(PATIENCE).unwrap_or((id, None)),
        Err(_) => (Uuid::nil(), None),
    }
}

fn make(hub: &Arc<Hub>, event: Event<'static>) -> Made {
    let again = event.clone();
    Owner::take();
    let made = catch_unwind(AssertUnwindSafe(|| hub.capture_event(event)));
    let owner = Owner::take();
    let id = made.unwrap_or_else(|_| without_processors(hub, again));
    (id, owner)
}

/// With what can be taken from the scope without running its event processors: one of them panics.
fn without_processors(hub: &Arc<Hub>, event: Event<'static>) -> Uuid {
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::default();
        let (user, span) = hub.configure_scope(|scope| (scope.user().cloned(), scope.get_span()));
        scope.set_user(user);
        scope.set_span(span);
        hub.client().map_or_else(Uuid::nil, |client| client.capture_event(event, Some(&scope)))
    }));
    made.unwrap_or_default()
}

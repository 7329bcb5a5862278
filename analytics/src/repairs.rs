//! Jobs that scenarios have broken, until they are repaired: their monitors must not stay red forever.
//!
//! A repaired job checks in once more, and is expected again in a year only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sentry_context::monitor::{Monitor, Schedule, Unit};
use sentry_context::sentry::Hub;
use tokio::time::{Instant, sleep_until};

/// What is out of order, by the name of the monitor: no more than there are such jobs.
type Due = BTreeMap<&'static str, (Monitor, Instant)>;

/// The repairs that are due.
#[derive(Debug, Clone)]
pub struct Repairs {
    hub: Arc<Hub>,
    due: Arc<Mutex<Due>>,
}

impl Repairs {
    /// None yet; repaired jobs check in on that hub.
    pub fn new(hub: &Arc<Hub>) -> Self {
        Self { hub: Arc::clone(hub), due: Arc::default() }
    }

    /// Repairs the job after that time. One that breaks again meanwhile is repaired that much later.
    pub fn plan(&self, monitor: &Monitor, after: Duration) {
        let due = (*monitor, Instant::now() + after);
        if self.due().insert(monitor.slug, due).is_none() {
            tokio::spawn(self.clone().wait_for(monitor.slug));
        }
    }

    /// Seconds until the job is repaired; `None` if it is in order.
    pub fn seconds_left(&self, monitor: &Monitor) -> Option<u64> {
        let (_, due) = *self.due().get(monitor.slug)?;
        Some(due.saturating_duration_since(Instant::now()).as_secs())
    }

    /// Repairs everything now: the service ends.
    pub fn finish(&self) {
        let due = std::mem::take(&mut *self.due());
        due.into_values().for_each(|(monitor, _)| self.check_in(monitor));
    }

    async fn wait_for(self, slug: &'static str) {
        while let Some(due) = self.next_look(slug) {
            sleep_until(due).await;
        }
    }

    /// Repairs the job if it is time; when to look again.
    fn next_look(&self, slug: &'static str) -> Option<Instant> {
        let mut all = self.due();
        let (monitor, due) = *all.get(slug)?;
        if due > Instant::now() {
            return Some(due);
        }
        all.remove(slug);
        drop(all);
        self.check_in(monitor);
        None
    }

    fn check_in(&self, monitor: Monitor) {
        let hub = Arc::new(Hub::new_from_top(Arc::clone(&self.hub)));
        let repaired = Monitor { schedule: Schedule::Every(1, Unit::Year), ..monitor };
        Hub::run(hub, || repaired.begin().end(true));
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

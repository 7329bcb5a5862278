//! Many calls of one scenario at once: how many were sent, answered, and arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use inbox::timestamp;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use super::run::Target;
use super::{Control, watch};

/// From this number on, the calls are spread over a second.
const SPREAD: usize = 100;

/// Between two of them.
const PACE: Duration = Duration::from_millis(10);

/// How often the counters are brought up to date.
const LOOK: Duration = Duration::from_millis(100);

/// How long events are waited for after the last answer.
const WAIT: Duration = Duration::from_secs(20);

/// Many calls of one scenario at once.
#[derive(Debug, Clone, Serialize)]
pub struct Burst {
    /// Its id, the tag `demo.run_id` of all its events.
    pub id: String,
    /// When it began, seconds since 1970.
    pub started_at: f64,
    /// How many calls there are.
    pub times: usize,
    /// How many were sent.
    pub sent: usize,
    /// How many were answered.
    pub answered: usize,
    /// The answers by status; `0` counts calls without one.
    pub statuses: BTreeMap<u16, usize>,
    /// How many events the answers promise: one that was refused promises none.
    pub expected: usize,
    /// How many events have arrived.
    pub arrived: usize,
    /// The issue of the latest event.
    pub issue_id: Option<String>,
    /// How long it has taken.
    pub elapsed_ms: f64,
    /// Whether it is over.
    pub done: bool,
}

impl Control {
    /// Begins a burst.
    pub(super) fn burst(&self, id: String, times: usize, target: Target) {
        let burst = Burst {
            id: id.clone(),
            started_at: timestamp::now(),
            times,
            sent: 0,
            answered: 0,
            statuses: BTreeMap::new(),
            expected: 0,
            arrived: 0,
            issue_id: None,
            elapsed_ms: 0.0,
            done: false,
        };
        self.change(|state| state.bursts.insert(target.scenario.id.clone(), burst));
        self.0.runtime.spawn(fly(self.clone(), id, times, target));
    }

    fn change_burst(&self, scenario: &str, change: impl FnOnce(&mut Burst)) {
        self.change(|state| state.bursts.get_mut(scenario).map(change));
    }
}

async fn fly(control: Control, id: String, times: usize, target: Target) {
    let begun = Instant::now();
    let Target { service, scenario, permit } = target;
    let mut calls = JoinSet::new();
    let (mut sent, mut ended, mut last_answer) = (0, 0, begun);
    let mut statuses = BTreeMap::new();
    let mut look = interval(LOOK);
    let pace = if times >= SPREAD { PACE } else { Duration::ZERO };
    loop {
        tokio::select! {
            () = sleep(pace), if sent < times => {
                sent += 1;
                let (control, id, url) = (control.clone(), id.clone(), service.url.clone());
                let scenario = scenario.clone();
                calls.spawn(async move { control.0.client.fire_in(id, &url, &scenario).await });
            }
            Some(call) = calls.join_next() => {
                let answer = call.ok().and_then(|call| call.answer.ok());
                *statuses.entry(answer.map_or(0, |answer| answer.status)).or_default() += 1;
                (ended, last_answer) = (ended + 1, Instant::now());
            }
            _ = look.tick() => {
                let counted = Counted { sent, ended, statuses: &statuses };
                let missing = count(&control, &id, &scenario, &counted, begun.elapsed());
                if ended == times && (missing == 0 || last_answer.elapsed() >= WAIT) {
                    break;
                }
            }
        }
    }
    drop(permit);
    watch::read_catalogue(&control, &service.url).await;
    control.change_burst(&scenario.id, |burst| burst.done = true);
}

struct Counted<'a> {
    sent: usize,
    ended: usize,
    statuses: &'a BTreeMap<u16, usize>,
}

/// Shows how far it is, and returns how many promised events have not arrived.
fn count(
    control: &Control,
    id: &str,
    scenario: &scenario::listing::Entry,
    counted: &Counted<'_>,
    elapsed: Duration,
) -> usize {
    let events = control.receiver().map(|inbox| inbox.caused_by(id, None).0).unwrap_or_default();
    let kept = counted.statuses.get(&scenario.expect.status).copied().unwrap_or_default();
    let expected = kept * scenario.expect.events;
    let arrived = events.len();
    control.change_burst(&scenario.id, |burst| {
        burst.sent = counted.sent;
        burst.statuses.clone_from(counted.statuses);
        burst.answered = counted.ended - counted.statuses.get(&0).copied().unwrap_or_default();
        burst.expected = expected;
        burst.arrived = arrived;
        burst.issue_id = events.last().map(|event| event.issue_id.clone());
        burst.elapsed_ms = elapsed.as_secs_f64() * 1000.0;
    });
    expected.saturating_sub(arrived)
}

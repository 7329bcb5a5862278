//! Release health: [sessions](https://develop.sentry.dev/sdk/telemetry/sessions/), one by one or aggregated.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::grouping::hash;
use crate::shape::words;
use crate::stats::{MAX_NAMES, OTHER};
use crate::text::{SHORT, clip};
use crate::timestamp;

/// Most sessions whose state is remembered: an update of one before them counts as another session.
pub(crate) const MAX_SESSIONS: usize = 20_000;

/// Most users that are known, of all releases together: further ones are not counted.
pub(crate) const MAX_USERS: usize = 50_000;

/// Most changes whose time is remembered, for charts.
pub(crate) const MAX_CHANGES: usize = 20_000;

/// Sessions of one release, by their last state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sessions {
    /// `NAME@VERSION`.
    pub release: String,
    /// Still going on, without an error so far.
    #[serde(default)]
    pub ok: u64,
    /// Ended without a fault.
    pub exited: u64,
    /// With handled errors, ended or not.
    pub errored: u64,
    /// With an unhandled error that ended nothing.
    #[serde(default)]
    pub unhandled: u64,
    /// Ended by a crash.
    pub crashed: u64,
    /// Ended without an end that was reported.
    pub abnormal: u64,
    /// The share of sessions without a crash, from 0 to 1; none where there are no sessions.
    #[serde(default)]
    pub crash_free: Option<f64>,
    /// How many different users its sessions name. Of all releases together, 50,000 are counted.
    #[serde(default)]
    pub users: u64,
    /// How many of them had a session that crashed.
    #[serde(default)]
    pub crashed_users: u64,
    /// The share of users without a crash, from 0 to 1; none where no session names a user.
    #[serde(default)]
    pub crash_free_users: Option<f64>,
}

/// How a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    Exited,
    Errored,
    Unhandled,
    Crashed,
    Abnormal,
}

impl Sessions {
    fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Ok => &mut self.ok,
            Status::Exited => &mut self.exited,
            Status::Errored => &mut self.errored,
            Status::Unhandled => &mut self.unhandled,
            Status::Crashed => &mut self.crashed,
            Status::Abnormal => &mut self.abnormal,
        }
    }

    fn add(&mut self, status: Status, quantity: u64) {
        let sum = self.of(status);
        *sum = sum.saturating_add(quantity);
    }

    fn remove(&mut self, status: Status) {
        let sum = self.of(status);
        *sum = sum.saturating_sub(1);
    }

    fn rated(&self) -> Self {
        let all = [self.ok, self.exited, self.errored, self.unhandled, self.crashed, self.abnormal];
        let all: f64 = all.into_iter().map(|count| count as f64).sum();
        let share = |crashed: u64, all: f64| (all > 0.0).then(|| 1.0 - crashed as f64 / all);
        let crash_free_users = share(self.crashed_users, self.users as f64);
        Self { crash_free: share(self.crashed, all), crash_free_users, ..self.clone() }
    }
}

/// What one item adds.
#[derive(Debug)]
pub(crate) struct Count {
    release: String,
    status: Status,
    quantity: u64,
    /// The session that it is about, as a hash; an aggregate is about none.
    session: Option<u128>,
    /// Its user, as a hash.
    user: Option<u128>,
    at: f64,
}

impl Count {
    /// A `session` item: the state of one session, again and again.
    pub(crate) fn of_session(project: &str, session: &Value) -> Option<Self> {
        let errors = session["errors"].as_u64().unwrap_or(0) > 0;
        let status = match session["status"].as_str().unwrap_or("ok") {
            "ok" | "exited" if errors => Status::Errored,
            "ok" => Status::Ok,
            "exited" => Status::Exited,
            "errored" => Status::Errored,
            "unhandled" => Status::Unhandled,
            "crashed" => Status::Crashed,
            "abnormal" => Status::Abnormal,
            _ => return None,
        };
        let id = session["sid"].as_str().filter(|id| !id.is_empty()).map(|id| hash(&(project, id)));
        let (release, at) = (release(session), timestamp::now());
        let user = user(&release, &session["did"]);
        Some(Self { release, status, quantity: 1, session: id, user, at })
    }

    /// A `sessions` item: counts by minute.
    pub(crate) fn of_aggregates(sessions: &Value) -> Vec<Self> {
        let release = release(sessions);
        let at = timestamp::now();
        let buckets = sessions["aggregates"].as_array().into_iter().flatten();
        let counts = buckets.flat_map(|bucket| {
            let user = user(&release, &bucket["did"]);
            [
                ("ok", Status::Ok),
                ("exited", Status::Exited),
                ("errored", Status::Errored),
                ("unhandled", Status::Unhandled),
                ("crashed", Status::Crashed),
                ("abnormal", Status::Abnormal),
            ]
            .map(|(name, status)| (status, bucket[name].as_u64().unwrap_or(0), user))
        });
        let count = |(status, quantity, user)| Self {
            release: release.clone(),
            status,
            quantity,
            session: None,
            user,
            at,
        };
        counts.filter(|(_, quantity, _)| *quantity > 0).map(count).collect()
    }
}

/// A hash of the user whom a session names, in this release.
fn user(release: &str, did: &Value) -> Option<u128> {
    let number = || did.is_number().then(|| did.to_string());
    words(did).map(str::to_owned).or_else(number).map(|did| hash(&(release, did)))
}

fn release(session: &Value) -> String {
    clip(session["attrs"]["release"].as_str().unwrap_or_default(), SHORT)
}

/// A change of the sums, for charts.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) at: f64,
    pub(crate) release: String,
    pub(crate) crashed: bool,
    pub(crate) quantity: u64,
}

/// The sums by release.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    by_release: BTreeMap<String, Sessions>,
    /// The release and the last state of each session.
    states: HashMap<u128, (String, Status)>,
    oldest_first: VecDeque<u128>,
    /// Whether a session of that user crashed.
    users: HashMap<u128, bool>,
    changes: VecDeque<Change>,
}

impl Sums {
    /// Releases beyond the bound are counted together.
    pub(crate) fn add(&mut self, count: Count) {
        let Count { mut release, status, quantity, session, user, at } = count;
        if self.by_release.len() >= MAX_NAMES && !self.by_release.contains_key(&release) {
            OTHER.clone_into(&mut release);
        }
        let before = session.and_then(|id| self.remember(id, &release, status));
        if let Some(sums) = before.as_ref().and_then(|(release, _)| self.by_release.get_mut(release))
            && let Some((_, status)) = before
        {
            sums.remove(status);
        }
        let new = || Sessions { release: release.clone(), ..Sessions::default() };
        let sums = self.by_release.entry(release.clone()).or_insert_with(new);
        sums.add(status, quantity);
        let crashed = status == Status::Crashed;
        if let Some(user) = user.filter(|user| self.users.len() < MAX_USERS || self.users.contains_key(user))
        {
            let known = self.users.get(&user).copied();
            sums.users += u64::from(known.is_none());
            // A crashed session stays crashed.
            sums.crashed_users += u64::from(crashed && known != Some(true));
            self.users.insert(user, crashed || known == Some(true));
        }
        // A session counts once in a chart: when it begins, or when it crashes.
        if before.is_none() || crashed {
            let quantity = if before.is_some() { 0 } else { quantity };
            self.changes.push_back(Change { at, release: release.clone(), crashed: false, quantity });
        }
        if crashed {
            let quantity = if session.is_some() { 1 } else { quantity };
            self.changes.push_back(Change { at, release, crashed: true, quantity });
        }
        while self.changes.len() > MAX_CHANGES {
            self.changes.pop_front();
        }
    }

    /// Remembers the state of a session; the one before.
    fn remember(&mut self, id: u128, release: &str, status: Status) -> Option<(String, Status)> {
        let before = self.states.insert(id, (release.to_owned(), status));
        if before.is_none() {
            self.oldest_first.push_back(id);
            while self.oldest_first.len() > MAX_SESSIONS {
                if let Some(oldest) = self.oldest_first.pop_front() {
                    self.states.remove(&oldest);
                }
            }
        }
        before
    }

    pub(crate) fn all(&self) -> Vec<Sessions> {
        self.by_release.values().map(Sessions::rated).collect()
    }

    /// Oldest first.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn session(id: usize, status: &str) -> Count {
        let session = json!({ "sid": id.to_string(), "status": status, "attrs": { "release": "a@1" } });
        Count::of_session("1", &session).unwrap_or_else(|| panic!("{status}"))
    }

    #[test]
    fn the_oldest_session_is_forgotten_and_its_update_counts_anew() {
        let mut sums = Sums::default();
        for id in 0..=MAX_SESSIONS {
            sums.add(session(id, "ok"));
        }
        sums.add(session(0, "exited"));
        sums.add(session(MAX_SESSIONS, "exited"));
        assert_eq!((sums.states.len(), sums.oldest_first.len()), (MAX_SESSIONS, MAX_SESSIONS));
        let all = sums.all();
        assert_eq!((all[0].ok, all[0].exited), (MAX_SESSIONS as u64, 2), "{all:?}");
    }

    #[test]
    fn further_users_are_not_counted() {
        let mut sums = Sums::default();
        let all = (0..=MAX_USERS).map(|id| (id, "exited"));
        for (id, status) in all.chain([(0, "crashed"), (MAX_USERS, "crashed")]) {
            let session = json!({ "did": id.to_string(), "status": status, "attrs": { "release": "a@1" } });
            sums.add(Count::of_session("1", &session).unwrap_or_else(|| panic!("{id}")));
        }
        let it = &sums.all()[0];
        // Their sessions count.
        assert_eq!((it.users, it.crashed_users, it.crashed), (MAX_USERS as u64, 1, 2));
    }

    #[test]
    fn the_oldest_change_is_forgotten() {
        let mut sums = Sums::default();
        for id in 0..=MAX_CHANGES {
            sums.add(session(id, "crashed"));
        }
        assert_eq!(sums.changes.len(), MAX_CHANGES);
    }
}

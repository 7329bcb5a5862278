//! Recordings of users' sessions: how many and how long. They are not played.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event_id;
use crate::received::fields::{scalar, text};
use crate::timestamp;

/// Most replays that are kept: the least recently updated one goes first.
pub(crate) const MAX_REPLAYS: usize = 500;

/// Most pages, errors and traces of a replay that are listed.
const MAX_LISTED: usize = 20;

/// A recording of a user's session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replay {
    /// Its id, 32 hex digits.
    pub replay_id: String,
    /// The project in the DSN.
    pub project: String,
    /// The first and the last arrival, seconds since 1970.
    pub first_seen: f64,
    /// The last one.
    pub last_seen: f64,
    /// How many envelopes brought a part of it.
    pub segments: u64,
    /// Bytes of its recordings.
    pub bytes: u64,
    /// The release.
    pub release: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The pages that were seen, 20 at most.
    pub urls: Vec<String>,
    /// The errors meanwhile, 20 at most.
    pub error_ids: Vec<String>,
    /// The traces meanwhile, 20 at most.
    pub trace_ids: Vec<String>,
}

/// What an item adds to one.
#[derive(Debug)]
pub(crate) struct Part(Replay);

impl Part {
    /// A `replay_event` item.
    pub(crate) fn read(project: &str, envelope: &Map<String, Value>, event: &Value) -> Result<Self, String> {
        let own = text(&event["replay_id"]).map(|id| event_id::plain(&id));
        let id = own.or(of_envelope(envelope)).ok_or("it has no replay_id")?;
        let list = |name: &str| event[name].as_array().into_iter().flatten().filter_map(text).collect();
        Ok(Self(Replay {
            release: scalar(&event["release"]),
            environment: scalar(&event["environment"]),
            urls: list("urls"),
            error_ids: list("error_ids"),
            trace_ids: list("trace_ids"),
            segments: 1,
            ..new(project, id)
        }))
    }

    /// A `replay_recording` or `replay_video` item, which names its replay nowhere but in the envelope.
    pub(crate) fn recording(
        project: &str,
        envelope: &Map<String, Value>,
        bytes: usize,
    ) -> Result<Self, String> {
        let id = of_envelope(envelope).ok_or("its envelope has no event_id")?;
        Ok(Self(Replay { bytes: bytes as u64, ..new(project, id) }))
    }
}

fn of_envelope(envelope: &Map<String, Value>) -> Option<String> {
    event_id::of(envelope).ok().flatten()
}

fn new(project: &str, replay_id: String) -> Replay {
    Replay { replay_id, project: project.to_owned(), ..Replay::default() }
}

/// All that are known; the most recently updated one is the last.
#[derive(Debug, Default)]
pub(crate) struct Replays(Vec<Replay>);

impl Replays {
    pub(crate) fn add(&mut self, Part(part): Part) {
        let now = timestamp::now();
        let same = |it: &Replay| it.replay_id == part.replay_id && it.project == part.project;
        let mut replay = match self.0.iter().position(same) {
            Some(place) => self.0.remove(place),
            None => Replay { first_seen: now, ..new(&part.project, part.replay_id) },
        };
        replay.last_seen = now;
        replay.segments = replay.segments.saturating_add(part.segments);
        replay.bytes = replay.bytes.saturating_add(part.bytes);
        replay.release = part.release.or(replay.release);
        replay.environment = part.environment.or(replay.environment);
        for (list, more) in [
            (&mut replay.urls, part.urls),
            (&mut replay.error_ids, part.error_ids),
            (&mut replay.trace_ids, part.trace_ids),
        ] {
            for one in more {
                if list.len() < MAX_LISTED && !list.contains(&one) {
                    list.push(one);
                }
            }
        }
        self.0.push(replay);
        if self.0.len() > MAX_REPLAYS {
            self.0.remove(0);
        }
    }

    /// The most recently updated first.
    pub(crate) fn all(&self) -> Vec<Replay> {
        self.0.iter().rev().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

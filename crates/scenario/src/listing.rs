//! The catalogue as JSON: what `GET …/debug` answers, and what a check reads. Both use these types.
//!
//! A reader ignores fields that it does not know, so a later version may add some. A value that it does not know, such
//! as another level or method, is an error: the reader could not tell whether the promise is kept.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::terms::{Level, Method, Place, RunState};

/// Most events that a scenario may promise.
pub const MAX_EVENTS: usize = 100;

/// The scenarios of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The service's name, also the tag `service` of its events.
    pub service: String,
    /// Whether the process is profiled, so that promises about its functions hold.
    #[serde(default)]
    pub profiled: bool,
    /// In the order of a walkthrough.
    pub scenarios: Vec<Entry>,
}

/// One way to fail, and its promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Such as `shop.crash`, also the tag `scenario` of its events.
    pub id: String,
    /// HTTP method.
    pub method: Method,
    /// Path pattern.
    pub path: String,
    /// A line about it.
    #[serde(default)]
    pub title: String,
    /// What it demonstrates.
    #[serde(default)]
    pub demonstrates: String,
    /// Parameters of path and query.
    #[serde(default)]
    pub parameters: Vec<ParameterEntry>,
    /// The promise.
    pub expect: Promise,
    /// The promise where the service reaches no database; `None` if that makes no difference.
    #[serde(default)]
    pub expect_without_database: Option<Promise>,
    /// What to look for in Sentry.
    #[serde(default)]
    pub look_for: String,
    /// Why the service's platform cannot keep the promise; `None` if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// What of the fault is still held; `None` if nothing is.
    #[serde(default)]
    pub active: Option<Value>,
}

/// A part of the path or the query that the caller chooses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterEntry {
    /// Its name.
    pub name: String,
    /// Where it stands; `None` if the catalogue does not say.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The value that the scenario is about.
    pub default: Option<ParameterValue>,
    /// Least allowed number.
    pub min: Option<f64>,
    /// Largest allowed number.
    pub max: Option<f64>,
    /// The allowed words; empty where any word is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// A number with which the promise holds too, and sooner: a check should not take minutes.
    pub quick: Option<f64>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a parameter's default is text or a number")]
pub enum ParameterValue {
    /// A word.
    Text(String),
    /// A number.
    Number(f64),
}

/// What one call brings about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// HTTP status of the answer.
    pub status: u16,
    /// The first event; empty if there is none.
    #[serde(flatten)]
    pub event: EventPromise,
    /// Number of events.
    #[serde(default, deserialize_with = "few")]
    pub events: usize,
    /// The events beyond the first.
    #[serde(default, deserialize_with = "or_default")]
    pub also: Vec<EventPromise>,
    /// The end of the path of the function of the service in which the call spends most of its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hot_function: Option<String>,
    /// Number of spans of its transaction, at least.
    #[serde(default)]
    pub spans: usize,
    /// The job that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobPromise>,
}

/// What Sentry Crons makes of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPromise {
    /// The monitor's slug.
    pub monitor: String,
    /// The state of the call's own run.
    pub run: RunState,
    /// The state of the monitor.
    pub state: RunState,
    /// How long after the call both are so, unless the job runs again, minutes.
    #[serde(default)]
    pub after_minutes: u32,
}

/// What one event is like. What is `None` is not promised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventPromise {
    /// Its level.
    pub level: Option<Level>,
    /// Type of the outermost exception; `None` for a message.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// How the message starts; `None` for an exception.
    pub message: Option<String>,
    /// `handled` of the exception's mechanism.
    pub handled: Option<bool>,
    /// The fingerprint, part by part, as it is sent.
    pub fingerprint: Option<Vec<String>>,
    /// Breadcrumb categories that occur in this order.
    pub breadcrumbs: Option<Vec<String>>,
    /// Contexts beside those of every event.
    pub contexts: Option<Vec<String>>,
}

/// A document is not a catalogue that can be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct BadListing {
    place: String,
    reason: String,
}

impl Listing {
    /// Reads the JSON of a catalogue.
    pub fn read(json: &[u8]) -> Result<Self, BadListing> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let listing = serde_path_to_error::deserialize(&mut reader).map_err(|error| BadListing {
            place: error.path().to_string(),
            reason: error.inner().to_string(),
        })?;
        reader.end().map_err(|error| BadListing { place: ".".to_owned(), reason: error.to_string() })?;
        Ok(listing)
    }

    /// The same, promising what holds where no database is reached.
    pub fn without_database(mut self) -> Self {
        for entry in &mut self.scenarios {
            if let Some(promise) = entry.expect_without_database.take() {
                entry.expect = promise;
            }
        }
        self
    }
}

impl Entry {
    /// Path and query that fire it: the pattern with each parameter's default.
    pub fn path_and_query(&self) -> String {
        let (mut path, mut rest) = (String::new(), self.path.as_str());
        let mut left: Vec<&ParameterEntry> = self.parameters.iter().collect();
        // One pass: a value that looks like a pattern is not replaced again.
        while let Some((before, name, after)) = next_pattern(rest) {
            path.push_str(before);
            match left.iter().position(|parameter| parameter.name == name) {
                Some(index) => path.push_str(&left.remove(index).fired_with().unwrap_or_default()),
                None => path.extend(["{", name, "}"]),
            }
            rest = after;
        }
        path.push_str(rest);
        let query = left.into_iter().filter_map(|it| Some((it.name.as_str(), it.fired_with()?)));
        match serde_urlencoded::to_string(query.collect::<Vec<_>>()).unwrap_or_default() {
            query if query.is_empty() => path,
            query => format!("{path}?{query}"),
        }
    }

    /// The user that the path itself names, as `/debug/panic/{user_id}` does.
    pub fn user_in_path(&self) -> Option<String> {
        let user = self.parameters.iter().find(|parameter| parameter.name == "user_id")?;
        self.path.contains(&user.pattern()).then(|| user.fired_with()).flatten()
    }

    /// Whether the caller chooses no number: numbers say how long or how much, so without them it is over at once.
    pub fn takes_no_number(&self) -> bool {
        !self.parameters.iter().any(|it| matches!(it.default, Some(ParameterValue::Number(_))))
    }

    /// Name of its transaction.
    pub fn transaction(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Promise {
    /// All promised events, the first one first.
    pub fn all_events(&self) -> impl Iterator<Item = &EventPromise> {
        let first = (self.events > 0).then_some(&self.event);
        first.into_iter().chain(&self.also)
    }
}

impl ParameterEntry {
    /// How a path pattern names it.
    fn pattern(&self) -> String {
        format!("{{{}}}", self.name)
    }

    /// The value with which a check fires the scenario.
    fn fired_with(&self) -> Option<String> {
        Some(match self.default.as_ref()? {
            ParameterValue::Text(text) => text.clone(),
            ParameterValue::Number(number) => self.quick.unwrap_or(*number).to_string(),
        })
    }
}

/// What precedes the next `{name}` of a path pattern, the name, and what follows.
fn next_pattern(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// A reader prepares as many comparisons as a catalogue promises events.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let events = usize::deserialize(deserializer)?;
    if events <= MAX_EVENTS {
        return Ok(events);
    }
    Err(serde::de::Error::custom(format!("`events` must be at most {MAX_EVENTS}, not {events}")))
}

/// Null counts as absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

//! What a service promises, as `GET /debug` says it. Fields that are not read here are ignored.

use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

/// The scenarios of one service.
#[derive(Debug, Deserialize)]
pub struct Catalogue {
    /// The service's name, also its events' tag `service`.
    pub service: String,
    /// In the order in which they are fired.
    pub scenarios: Vec<Scenario>,
}

/// One way to fail, and its promise.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    /// Such as `game-engine.crash`, also its events' tag `scenario`.
    pub id: String,
    /// A line about it.
    #[serde(default)]
    pub title: String,
    /// HTTP method.
    pub method: String,
    /// Path pattern.
    pub path: String,
    /// Parameters of path and query.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The promise.
    pub expect: Expect,
    /// The promise where the service reaches no database, if that makes a difference.
    #[serde(default)]
    pub expect_without_database: Option<Expect>,
}

/// A part of the path or the query that varies.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The value that this scenario is about.
    pub default: Value,
    /// A number with which the promise holds too, and sooner: a check should not take minutes.
    pub quick: Option<f64>,
}

/// What one call must bring about.
#[derive(Debug, Deserialize)]
pub struct Expect {
    /// HTTP status of the answer.
    pub status: u16,
    /// Number of events.
    #[serde(default)]
    pub events: usize,
    /// The first event; all `None` where there is none.
    #[serde(flatten)]
    pub event: EventPromise,
    /// The events beyond the first.
    pub also: Option<Vec<EventPromise>>,
}

/// What one event must be like. What is `None` is not promised.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct EventPromise {
    /// Its level.
    pub level: Option<String>,
    /// Type of the outermost exception; `None` for a message.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// How the message starts; `None` for an exception.
    pub message: Option<String>,
    /// `handled` of the exception's mechanism.
    pub handled: Option<bool>,
    /// The fingerprint, part by part, as on the wire.
    pub fingerprint: Option<Vec<String>>,
    /// Breadcrumb categories that occur in this order.
    pub breadcrumbs: Option<Vec<String>>,
    /// Contexts beside those of every event.
    pub contexts: Option<Vec<String>>,
}

impl Catalogue {
    /// What is promised where no database is reached.
    pub fn without_database(mut self) -> Self {
        for scenario in &mut self.scenarios {
            if let Some(promise) = scenario.expect_without_database.take() {
                scenario.expect = promise;
            }
        }
        self
    }
}

impl Scenario {
    /// The URL that fires it: the pattern with each parameter's default.
    pub fn url(&self, service: &str) -> Result<Url, String> {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for parameter in &self.parameters {
            let Some(value) = parameter.value() else { continue };
            let place = parameter.place();
            if path.contains(&place) {
                path = path.replace(&place, &value);
            } else {
                query.push((parameter.name.as_str(), value));
            }
        }
        let mut url = Url::parse(&format!("{service}{path}")).map_err(|error| error.to_string())?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// The user that the path itself names, as `/debug/panic/{user_id}` does.
    pub fn user_in_path(&self) -> Option<String> {
        let user = self.parameters.iter().find(|parameter| parameter.name == "user_id")?;
        self.path.contains(&user.place()).then(|| user.value()).flatten()
    }

    /// Whether no number may be chosen: those say how long or how much, so it is over at once without.
    pub fn takes_no_number(&self) -> bool {
        self.parameters.iter().all(|parameter| !parameter.default.is_number())
    }

    /// Name of its transaction.
    pub fn transaction(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// All promised events, the first one first.
    pub fn promised_events(&self) -> impl Iterator<Item = &EventPromise> {
        let first = (self.expect.events > 0).then_some(&self.expect.event);
        first.into_iter().chain(self.expect.also.iter().flatten())
    }
}

impl Parameter {
    fn place(&self) -> String {
        format!("{{{}}}", self.name)
    }

    fn value(&self) -> Option<String> {
        match &self.default {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            _ if self.quick.is_some() => self.quick.map(|number| number.to_string()),
            // 10.0 as 10.
            other => Some(other.as_f64().map_or_else(|| other.to_string(), |number| number.to_string())),
        }
    }
}

//! What a caller may choose, declared once and read by the handler that uses it.

use actix_web::HttpRequest;
use actix_web::web::Query;
use sentry_context::report::Reportable;
use sentry_context::{Facts, facts};

use crate::listing::{ParameterEntry, ParameterValue};
use crate::terms::Place;

/// A parameter of a scenario.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in the path pattern or the query string.
    pub name: &'static str,
    place: Place,
    default: Preset,
    min: Option<f64>,
    max: Option<f64>,
    /// The words that a choice is among; empty for others.
    allowed: &'static [&'static str],
    /// A number with which the promise holds as well as with the default, and sooner.
    quick: Option<f64>,
}

/// The value that a scenario is about.
#[derive(Debug, Clone, Copy)]
enum Preset {
    Text(&'static str),
    Number(f64),
}

/// A value that is no number, or beyond the bounds.
#[derive(Debug, thiserror::Error)]
#[error("{name} must be a number from {min} to {max}, not `{value}`")]
pub struct OutOfBounds {
    /// The parameter.
    pub name: &'static str,
    /// Least allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
    /// What was given, cut short.
    pub value: String,
}

/// A word that is none of those to choose from.
#[derive(Debug, thiserror::Error)]
#[error("{name} must be one of {}, not `{value}`", allowed.join(", "))]
pub struct NoChoice {
    /// The parameter.
    pub name: &'static str,
    /// What may be chosen.
    pub allowed: &'static [&'static str],
    /// What was given, cut short.
    pub value: String,
}

impl Parameter {
    /// A number in the query string, within bounds.
    pub const fn number(name: &'static str, default: f64, min: f64, max: f64) -> Self {
        let default = Preset::Number(default);
        Self { name, place: Place::Query, default, min: Some(min), max: Some(max), allowed: &[], quick: None }
    }

    /// The same, with the number that a check takes instead of the default, to be through sooner.
    pub const fn quick(self, number: f64) -> Self {
        Self { quick: Some(number), ..self }
    }

    /// A word in the path; the default is what a check puts there.
    pub const fn word(name: &'static str, default: &'static str) -> Self {
        let default = Preset::Text(default);
        Self { name, place: Place::Path, default, min: None, max: None, allowed: &[], quick: None }
    }

    /// One of some words in the query string; the first one is meant where none is given, and `default` is the one
    /// that this scenario is about.
    pub const fn choice(name: &'static str, default: &'static str, allowed: &'static [&'static str]) -> Self {
        let default = Preset::Text(default);
        Self { name, place: Place::Query, default, min: None, max: None, allowed, quick: None }
    }

    /// As the catalogue lists it.
    pub fn entry(&self) -> ParameterEntry {
        let default = match self.default {
            Preset::Text(word) => ParameterValue::Text(word.to_owned()),
            Preset::Number(number) => ParameterValue::Number(number),
        };
        ParameterEntry {
            name: self.name.to_owned(),
            place: Some(self.place),
            default: Some(default),
            min: self.min,
            max: self.max,
            allowed: self.allowed.iter().map(ToString::to_string).collect(),
            quick: self.quick,
        }
    }

    /// The word of a path parameter.
    pub fn path_word(&self) -> Option<&'static str> {
        match self.default {
            Preset::Text(word) if self.place == Place::Path => Some(word),
            _ => None,
        }
    }

    /// The word of a choice that is not meant by itself: it has to be in the query string.
    pub fn query_word(&self) -> Option<&'static str> {
        match self.default {
            Preset::Text(word) if self.allowed.first().is_some_and(|first| *first != word) => Some(word),
            _ => None,
        }
    }

    /// Does this request hold the default word? Distinguishes scenarios that share a path.
    pub(crate) fn is_default_in(&self, request: &HttpRequest) -> bool {
        match self.default {
            Preset::Number(_) => true,
            Preset::Text(word) if self.place == Place::Path => {
                request.match_info().get(self.name) == Some(word)
            }
            Preset::Text(word) => self.choose(request).is_ok_and(|chosen| chosen == word),
        }
    }

    /// The caller's choice.
    pub fn choose(&self, request: &HttpRequest) -> Result<&'static str, NoChoice> {
        let Some(value) = self.given(request) else { return Ok(self.allowed.first().unwrap_or(&"")) };
        let known = self.allowed.iter().find(|word| **word == value);
        let value = value.chars().take(40).collect();
        known.copied().ok_or(NoChoice { name: self.name, allowed: self.allowed, value })
    }

    fn given(&self, request: &HttpRequest) -> Option<String> {
        let query = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?;
        query.into_inner().into_iter().find(|(name, _)| name == self.name).map(|(_, value)| value)
    }

    /// The caller's number, or the default.
    pub fn read(&self, request: &HttpRequest) -> Result<f64, OutOfBounds> {
        let (Some(value), Some(min), Some(max)) = (self.given(request), self.min, self.max) else {
            return Ok(match self.default {
                Preset::Number(number) => number,
                Preset::Text(_) => 0.0,
            });
        };
        match value.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            _ => Err(OutOfBounds { name: self.name, min, max, value: value.chars().take(40).collect() }),
        }
    }
}

impl Reportable for OutOfBounds {
    fn type_name(&self) -> &'static str {
        "ParameterError"
    }

    fn status(&self) -> u16 {
        400
    }

    fn answer(&self) -> Facts {
        facts([("parameter", self.name.into()), ("min", self.min.into()), ("max", self.max.into())])
    }
}

impl Reportable for NoChoice {
    fn type_name(&self) -> &'static str {
        "ParameterError"
    }

    fn status(&self) -> u16 {
        400
    }

    fn answer(&self) -> Facts {
        facts([("parameter", self.name.into()), ("allowed", self.allowed.into())])
    }
}

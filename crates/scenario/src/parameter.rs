//! What a caller may choose, declared once and read by the handler that uses it.

use actix_web::HttpRequest;
use actix_web::web::Query;
use sentry_context::report::Reportable;
use sentry_context::{Facts, facts};
use serde::Serialize;

/// A parameter of a scenario.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// Its name in the path pattern or the query string.
    pub name: &'static str,
    /// `path` or `query`.
    #[serde(rename = "in")]
    place: &'static str,
    default: Default,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Default {
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

impl Parameter {
    /// A number in the query string, within bounds.
    pub const fn number(name: &'static str, default: f64, min: f64, max: f64) -> Self {
        Self { name, place: "query", default: Default::Number(default), min: Some(min), max: Some(max) }
    }

    /// A word in the path; the default is what a check puts there.
    pub const fn word(name: &'static str, default: &'static str) -> Self {
        Self { name, place: "path", default: Default::Text(default), min: None, max: None }
    }

    /// The word of a path parameter.
    pub fn path_word(&self) -> Option<&'static str> {
        match self.default {
            Default::Text(word) if self.place == "path" => Some(word),
            _ => None,
        }
    }

    /// Does the path of this request hold the default word? Tells scenarios apart that share a path.
    pub(crate) fn is_default_in(&self, request: &HttpRequest) -> bool {
        self.path_word().is_none_or(|word| request.match_info().get(self.name) == Some(word))
    }

    /// The caller's number, or the default.
    pub fn read(&self, request: &HttpRequest) -> Result<f64, OutOfBounds> {
        let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let given = query.into_iter().flat_map(Query::into_inner).find(|(name, _)| name == self.name);
        let (Some((_, value)), Some(min), Some(max)) = (given, self.min, self.max) else {
            return Ok(match self.default {
                Default::Number(number) => number,
                Default::Text(_) => 0.0,
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

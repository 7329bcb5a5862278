//! FastAPI's way to say what is wrong with a request: a list of details, one per field or parameter.
//!
//! The shape and the types are those of [pydantic](https://docs.pydantic.dev/latest/errors/validation_errors/).

use scenario::OutOfBounds;
use sentry_context::report::Reportable;
use sentry_context::{Facts, facts, size};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Detail {
    /// What kind of mistake, in pydantic's terms: `missing`, `less_than_equal` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where: `["query", "seconds"]`, `["body", "age"]`.
    pub loc: Vec<String>,
    /// The mistake as a sentence.
    pub msg: String,
    /// What was given.
    #[schema(value_type = Value)]
    pub input: Value,
}

impl Detail {
    /// A mistake in a field of the body.
    pub fn body(kind: impl Into<String>, field: &str, msg: impl Into<String>, input: Value) -> Self {
        Self { kind: kind.into(), loc: vec!["body".to_owned(), field.to_owned()], msg: msg.into(), input }
    }

    /// The last part of its place: the field's or the parameter's name.
    pub fn field(&self) -> &str {
        self.loc.last().map_or("", String::as_str)
    }
}

/// A request whose fields or parameters the service cannot take: 422, the caller's mistake and no event.
#[derive(Debug, thiserror::Error)]
#[error("the request is not valid: {}", self.description())]
pub struct RequestInvalid(pub Vec<Detail>);

impl RequestInvalid {
    fn description(&self) -> String {
        let reported: Vec<_> = self.0.iter().map(|it| format!("{}: {}", it.loc.join("."), it.msg)).collect();
        reported.join("; ")
    }
}

impl Reportable for RequestInvalid {
    fn type_name(&self) -> &'static str {
        "RequestValidationError"
    }

    fn status(&self) -> u16 {
        422
    }

    fn answer(&self) -> Facts {
        answer(&self.0)
    }
}

/// Bytes of an input that an answer repeats.
const INPUT_BYTES: usize = 256;

/// The list as FastAPI's clients read it; long inputs are cut.
pub fn answer(details: &[Detail]) -> Facts {
    let mut details = details.to_vec();
    details.iter_mut().for_each(|detail| size::cut_json(&mut detail.input, INPUT_BYTES));
    facts([("detail", serde_json::json!(details))])
}

/// The other services answer 400; FastAPI's clients expect a list and 422.
impl From<OutOfBounds> for RequestInvalid {
    fn from(OutOfBounds { name, min, max, value }: OutOfBounds) -> Self {
        let (kind, msg) = match value.parse::<f64>() {
            Err(_) => ("float_parsing", "Input should be a valid number".to_owned()),
            Ok(number) if number > max => {
                ("less_than_equal", format!("Input should be less than or equal to {max}"))
            }
            Ok(_) => ("greater_than_equal", format!("Input should be greater than or equal to {min}")),
        };
        let loc = vec!["query".to_owned(), name.to_owned()];
        Self(vec![Detail { kind: kind.to_owned(), loc, msg, input: value.into() }])
    }
}

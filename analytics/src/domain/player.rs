//! A player's registration, as callers send it.

use std::borrow::Cow;

use sentry_context::report::{Reportable, Traced};
use sentry_context::step::Step;
use sentry_context::{Facts, facts};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::detail::{self, Detail};

/// The oldest age that is believed, years.
const OLDEST: i64 = 120;

/// A registration.
// A field is `None` if it is missing or of the wrong type: the others are validated all the same.
#[derive(Debug, Serialize, ToSchema, Validate)]
pub struct Player {
    /// Who it is.
    #[schema(required, value_type = String, min_length = 1)]
    #[validate(
        required(code = "missing", message = "Field required"),
        length(min = 1, code = "string_too_short", message = "String should have at least 1 character")
    )]
    user_id: Option<String>,
    /// Age in years; players are of age.
    #[schema(required, value_type = i64, minimum = 18, maximum = 120)]
    #[validate(
        required(code = "missing", message = "Field required"),
        range(
            min = 18,
            code = "greater_than_equal",
            message = "Input should be greater than or equal to 18"
        ),
        custom(function = "believable")
    )]
    age: Option<i64>,
    /// Where to write to.
    #[schema(required, value_type = String, format = Email)]
    #[validate(
        required(code = "missing", message = "Field required"),
        email(code = "value_error", message = "value is not a valid email address")
    )]
    email: Option<String>,
}

fn believable(age: i64) -> Result<(), ValidationError> {
    if age <= OLDEST {
        return Ok(());
    }
    let message = format!("Input should be less than or equal to {OLDEST}");
    Err(ValidationError::new("less_than_equal").with_message(Cow::Owned(message)))
}

/// A registration with invalid fields.
#[derive(Debug, thiserror::Error)]
#[error("the registration has invalid fields: {}", self.fields().join(", "))]
pub struct Invalid {
    /// What is wrong, by field.
    pub details: Vec<Detail>,
}

impl Player {
    /// Reads a registration, and validates it. All mistakes are reported, not the first.
    pub fn read(body: &Value) -> Result<Self, Traced<Invalid>> {
        let given = body.as_object().map(|body| body.keys().cloned().collect::<Vec<_>>());
        let data = facts([("fields", given.unwrap_or_default().into())]);
        let _step = Step::begin("validation", "validating a player's registration", data);
        let (player, mut details) = parse(body)?;
        details.extend(player.mistakes(body, &details));
        details.sort_by(|one, other| one.loc.cmp(&other.loc));
        if details.is_empty() { Ok(player) } else { Err(Invalid { details }.into()) }
    }

    /// What the validator finds in fields that nothing was found in before.
    fn mistakes(&self, body: &Value, known: &[Detail]) -> Vec<Detail> {
        let _check = Step::silent("function", "check the values");
        let Err(errors) = self.validate() else { return Vec::new() };
        let unknown = |field: &str| known.iter().all(|detail| detail.field() != field);
        let mut found = Vec::new();
        for (field, errors) in errors.field_errors().into_iter().filter(|(field, _)| unknown(field)) {
            let input = body.get(&*field).unwrap_or(body);
            found.extend(errors.iter().map(|error| detail(&field, error, input)));
        }
        found
    }
}

fn detail(field: &str, error: &ValidationError, input: &Value) -> Detail {
    let msg = error.message.clone().unwrap_or_default();
    Detail::body(error.code.clone(), field, msg, input.clone())
}

/// The fields that have the right type, and the mistakes of those that do not.
fn parse(body: &Value) -> Result<(Player, Vec<Detail>), Traced<Invalid>> {
    let _types = Step::silent("function", "check the types");
    let Value::Object(fields) = body else {
        let loc = vec!["body".to_owned()];
        let msg = "Input should be a valid dictionary or object to extract fields from".to_owned();
        let kind = "model_attributes_type".to_owned();
        return Err(Invalid { details: vec![Detail { kind, loc, msg, input: body.clone() }] }.into());
    };
    let mut wrong = Vec::new();
    let mut typed = Typed { fields, wrong: &mut wrong };
    let player = Player {
        user_id: typed.field("user_id", ("string_type", "Input should be a valid string")),
        age: typed.field("age", ("int_type", "Input should be a valid integer")),
        email: typed.field("email", ("string_type", "Input should be a valid string")),
    };
    Ok((player, wrong))
}

struct Typed<'a> {
    fields: &'a Map<String, Value>,
    wrong: &'a mut Vec<Detail>,
}

impl Typed<'_> {
    fn field<T: DeserializeOwned>(&mut self, name: &str, (kind, msg): (&str, &str)) -> Option<T> {
        let given = self.fields.get(name)?;
        let value = serde_json::from_value(given.clone()).ok();
        if value.is_none() {
            self.wrong.push(Detail::body(kind, name, msg, given.clone()));
        }
        value
    }
}

impl Invalid {
    /// The names of the invalid fields, each once, in order.
    fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<_> = self.details.iter().map(Detail::field).collect();
        fields.dedup();
        fields
    }
}

impl Reportable for Invalid {
    fn type_name(&self) -> &'static str {
        "ValidationError"
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        vec![("validation.fields", self.fields().join(","))]
    }

    /// What is wrong, and not what was given: that may be somebody's address.
    fn context(&self) -> Option<(&'static str, Facts)> {
        let reported =
            |it: &Detail| serde_json::json!({ "field": it.field(), "type": it.kind, "msg": it.msg });
        let errors: Vec<Value> = self.details.iter().map(reported).collect();
        let facts = facts([("fields", self.fields().into()), ("errors", errors.into())]);
        Some(("validation_error", facts))
    }

    fn answer(&self) -> Facts {
        detail::answer(&self.details)
    }
}

//! Typed bodies of the business routes.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use http_limits::Refused;
use sentry_context::failure::Failure;
use sentry_context::user;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use crate::Refusal;

/// Answers requests whose body [`http_limits::read_body`] refused: 408, 413 or 400. The innermost middleware, so that
/// the refusal is answered, logged and counted like every other.
pub async fn refuse<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let refused = request.extensions_mut().remove::<Refused>();
    match refused {
        None => next.call(request).await,
        Some(refused) => Err(Failure::from(refusal(refused)).into()),
    }
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Late => Refusal::Late,
        Refused::TooLarge(_) => Refusal::TooLarge,
        Refused::Broken(reason) => Refusal::BadBody(reason),
    }
}

/// Names under which a body names its user.
const USER_ID: [&str; 2] = ["userId", "user_id"];

/// Names the user that a body names, on all that the request sends, unless its header has named one.
pub fn identify(body: &Value) {
    let id = USER_ID.iter().find_map(|name| body.get(name)?.as_str());
    let Some(id) = id else { return };
    user::identify_unless_known(id);
    if let Some(username) = body.get("username").and_then(Value::as_str) {
        user::name(id, username);
    }
}

/// Reads and validates a body; the first mistake names its field. Its user is known from here on.
pub fn read<T: DeserializeOwned + Validate>(body: Value) -> Result<T, Refusal> {
    identify(&body);
    if !body.is_object() {
        return Err(bad("body", "must be a JSON object"));
    }
    let read: T = serde_path_to_error::deserialize(body).map_err(|error| {
        let (field, reason) = (error.path().to_string(), error.inner().to_string());
        match reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(missing) => bad(missing, "is missing"),
            None => bad(&field, &format!("has the wrong type: {reason}")),
        }
    })?;
    read.validate().map_err(|errors| {
        let errors = errors.field_errors();
        let first = errors.iter().min_by(|(one, _), (other, _)| one.cmp(other));
        let reported =
            first.and_then(|(field, all)| Some((camel_case(field), all.first()?.message.as_deref()?)));
        reported.map_or_else(|| bad("body", "is not valid"), |(field, reason)| bad(&field, reason))
    })?;
    Ok(read)
}

/// The validator knows a field by its name in Rust, the caller by its name in JSON.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    })
}

fn bad(field: &str, reason: &str) -> Refusal {
    Refusal::BadField { field: field.to_owned(), reason: reason.to_owned() }
}

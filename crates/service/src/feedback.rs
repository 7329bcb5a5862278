//! `POST …/debug/feedback`: what a person says about an event, sent to Sentry as user feedback.

use actix_web::{HttpResponse, web};
use scenario::{Catalogue, Guards, Refusal, only, read};
use sentry_context::failure::Failure;
use sentry_context::feedback::Feedback;
use sentry_context::sentry::types::Uuid;
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

/// What a caller sends.
#[derive(Debug, Deserialize, Validate)]
struct Said {
    /// The event that an answer named.
    event_id: String,
    #[validate(length(min = 1, max = 4_096, message = "must have from 1 to 4096 characters"))]
    message: String,
    #[validate(length(max = 128, message = "must have at most 128 characters"))]
    name: Option<String>,
    #[validate(
        length(max = 254, message = "must have at most 254 characters"),
        email(message = "must be an e-mail address")
    )]
    email: Option<String>,
}

/// Mounts it below the path of the catalogue, behind the guards of the scenarios.
pub fn mount(app: &mut web::ServiceConfig, catalogue: &'static Catalogue, guards: &Guards) {
    let path = format!("{}/feedback", catalogue.path);
    let resource = web::resource(path).post(pass_on).default_service(only("POST"));
    app.service(catalogue.guarded(resource, guards));
}

async fn pass_on(body: web::Json<Value>) -> Result<HttpResponse, Failure> {
    let Said { event_id, message, name, email } = read(body.into_inner())?;
    let event = event_id.parse::<Uuid>().map_err(|_| Refusal::BadField {
        field: "event_id".to_owned(),
        reason: "must be the id of an event, 32 hexadecimal digits".to_owned(),
    })?;
    let feedback = Feedback { message, name, email, event: Some(event) }.send();
    let mut answer = json!({ "status": if feedback.is_some() { "sent" } else { "not sent: Sentry is off" } });
    if let Some(id) = feedback {
        answer["feedback_id"] = id.simple().to_string().into();
    }
    Ok(HttpResponse::Ok().json(answer))
}

//! Payloads as they were sent, byte for byte.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::event_id::plain;
use crate::received::payload::Payload;
use crate::refusal::{refusal, takes};
use crate::store::Store;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/api/events/{id}/json").get(event).default_service(takes("GET")))
        .service(web::resource("/api/transactions/{id}/json").get(transaction).default_service(takes("GET")));
}

async fn event(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    answer("event", store.read(|state| Some(state.event(&plain(&id))?.payload.clone())))
}

async fn transaction(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    answer("transaction", store.read(|state| Some(state.transaction(&plain(&id))?.payload.clone())))
}

fn answer(what: &str, payload: Option<Payload>) -> HttpResponse {
    match payload {
        // A payload is serialized as the text that it is.
        Some(payload) => {
            HttpResponse::Ok().insert_header(("X-Content-Type-Options", "nosniff")).json(payload)
        }
        None => refusal(StatusCode::NOT_FOUND, &format!("no such {what} is held")),
    }
}

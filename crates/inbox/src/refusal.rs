//! Refused requests, answered as JSON.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, Route, web};

use crate::answers::Refusal;

/// The default route of a resource that takes only these methods. Where there is GET, there is HEAD.
pub(crate) fn takes(method: &'static str) -> Route {
    web::route().to(move || async move {
        let mut answer = refusal(StatusCode::METHOD_NOT_ALLOWED, &format!("this path takes {method} only"));
        if let Ok(allowed) = HeaderValue::try_from(method.replace("GET", "GET, HEAD")) {
            answer.headers_mut().insert(ALLOW, allowed);
        }
        answer
    })
}

pub(crate) fn refusal(status: StatusCode, reason: &str) -> HttpResponse {
    let ty = status.canonical_reason().unwrap_or("Error").replace([' ', '-'], "");
    HttpResponse::build(status).json(Refusal { error: reason.to_owned(), ty })
}

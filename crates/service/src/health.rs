//! Whether a service is alive, and whether its dependencies are available.

use actix_web::HttpResponse;
use serde_json::json;

/// `GET /health`. It waits for nothing: a database that is down must not make the service look dead.
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /ready` of a service that works without its database.
pub fn always_ready(mongodb: database::State, rabbitmq: broker::State) -> HttpResponse {
    answer(true, mongodb.as_str(), rabbitmq)
}

/// `GET /ready` of a service that is ready while its database answers.
pub fn ready_with(mongodb: database::State, rabbitmq: broker::State) -> HttpResponse {
    answer(mongodb == database::State::Up, mongodb.as_str(), rabbitmq)
}

/// `GET /ready` of a service that keeps in memory what others keep in a database.
pub fn ready_in_memory(rabbitmq: broker::State) -> HttpResponse {
    answer(true, "memory", rabbitmq)
}

fn answer(is_ready: bool, mongodb: &str, rabbitmq: broker::State) -> HttpResponse {
    let (mut answer, status) = if is_ready {
        (HttpResponse::Ok(), "ready")
    } else {
        (HttpResponse::ServiceUnavailable(), "unavailable")
    };
    answer.json(json!({ "status": status, "mongodb": mongodb, "rabbitmq": rabbitmq.as_str() }))
}

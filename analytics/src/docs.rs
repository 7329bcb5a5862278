//! `/openapi.json` and `/docs`, as FastAPI gives them. The page is [Swagger UI](https://swagger.io/tools/swagger-ui/).

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use scenario::{Refusal, only};
use sentry_context::failure::Failure;
use utoipa::openapi::OpenApi;

use crate::{openapi, swagger};

static WITH_DEBUG: LazyLock<OpenApi> = LazyLock::new(|| openapi::document(true));
static WITHOUT_DEBUG: LazyLock<OpenApi> = LazyLock::new(|| openapi::document(false));

/// Its links are relative, so that they are found behind a gateway that puts a prefix before all paths, too.
const PAGE: &str = include_str!("docs.html");

/// What is switched off is not described.
pub(crate) fn mount(app: &mut web::ServiceConfig, with_debug: bool) {
    let get = |path, route| web::resource::<&str>(path).route(route).default_service(only("GET"));
    app.service(get("/openapi.json", web::get().to(move || document(with_debug))))
        .service(get("/docs", web::get().to(page)))
        .service(get("/docs/{file}", web::get().to(file)));
}

async fn document(with_debug: bool) -> HttpResponse {
    let document = if with_debug { &WITH_DEBUG } else { &WITHOUT_DEBUG };
    HttpResponse::Ok().json(&**document)
}

async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE)
}

async fn file(name: web::Path<String>) -> Result<HttpResponse, Failure> {
    let file = swagger::file(&name).ok_or(Refusal::NotFound)?;
    Ok(HttpResponse::Ok().content_type(file.content_type).body(file.content.as_slice()))
}

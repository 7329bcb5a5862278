//! `/openapi.json` and `/docs`, as FastAPI gives them. The pages of [Swagger UI](https://swagger.io/tools/swagger-ui/)
//! are in the binary: nothing is loaded from elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::{HttpResponse, web};
use scenario::{Refusal, only};
use sentry_context::failure::Failure;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, serve};

use crate::openapi;

static WITH_DEBUG: LazyLock<OpenApi> = LazyLock::new(|| openapi::document(true));
static WITHOUT_DEBUG: LazyLock<OpenApi> = LazyLock::new(|| openapi::document(false));

/// Relative, so that it is found behind a gateway that puts a prefix before all paths, too.
static UI: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("openapi.json")));

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

/// Swagger's page expects its files beside it; they are one level below.
async fn page() -> Result<HttpResponse, Failure> {
    let (_, page) = read("index.html")?;
    let page = String::from_utf8_lossy(&page).replace("=\"./", "=\"").replace("href=\"", "href=\"docs/");
    let page = page.replace("src=\"", "src=\"docs/");
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

async fn file(name: web::Path<String>) -> Result<HttpResponse, Failure> {
    let (content_type, bytes) = read(&name)?;
    Ok(HttpResponse::Ok().content_type(content_type).body(bytes))
}

fn read(name: &str) -> Result<(String, Vec<u8>), Refusal> {
    let file = serve(name, Arc::clone(&UI)).ok().flatten().ok_or(Refusal::NotFound)?;
    Ok((file.content_type, file.bytes.into_owned()))
}

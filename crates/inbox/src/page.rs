//! The page: a few files that are part of the binary.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use crate::refusal::takes;

const INDEX: &str = include_str!("../page/index.html");

/// So that a name is written once.
macro_rules! files {
    ($($media_type:ident $name:literal),+ $(,)?) => {
        [$((concat!("/", $name), $media_type, include_str!(concat!("../page/", $name)))),+]
    };
}
/// Path, media type, content.
const FILES: &[(&str, &str, &str)] = &files![
    STYLE "style.css",
    ICON "icon.svg",
    SCRIPT "page.js",
    SCRIPT "api.js",
    SCRIPT "breadcrumbs.js",
    SCRIPT "contexts.js",
    SCRIPT "dom.js",
    SCRIPT "event.js",
    SCRIPT "filters.js",
    SCRIPT "flame.js",
    SCRIPT "frames.js",
    SCRIPT "hottest.js",
    SCRIPT "issue.js",
    SCRIPT "issues.js",
    SCRIPT "payload.js",
    SCRIPT "profiles.js",
    SCRIPT "range.js",
    SCRIPT "raw.js",
    SCRIPT "redraw.js",
    SCRIPT "request.js",
    SCRIPT "stacks.js",
    SCRIPT "telemetry.js",
    SCRIPT "time.js",
    SCRIPT "trace.js",
    SCRIPT "transaction.js",
    SCRIPT "transactions.js",
    SCRIPT "waterfall.js",
];
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Contents of events are hostile: even markup that slipped through could load and run nothing.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    let paths = [
        "/",
        "/issues/{id}",
        "/events/{id}",
        "/transactions",
        "/transactions/{id}",
        "/profiles",
        "/logs",
        "/metrics",
        "/sessions",
    ];
    let index = || async { file("text/html; charset=utf-8", INDEX) };
    app.service(web::resource(paths).get(index).default_service(takes("GET")));
    for (path, media_type, content) in FILES.iter().copied() {
        let serve = move || async move { file(media_type, content) };
        app.service(web::resource(path).get(serve).default_service(takes("GET")));
    }
}

fn file(media_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        // Another version of the binary may serve this address next.
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(content)
}

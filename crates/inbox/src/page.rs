//! The page: a few files that are part of the binary.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use crate::server::takes;

const INDEX: &str = include_str!("../page/index.html");

/// Path, media type, content.
const FILES: [(&str, &str, &str); 10] = [
    ("/style.css", "text/css; charset=utf-8", include_str!("../page/style.css")),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    ("/page.js", SCRIPT, include_str!("../page/page.js")),
    ("/api.js", SCRIPT, include_str!("../page/api.js")),
    ("/dom.js", SCRIPT, include_str!("../page/dom.js")),
    ("/event.js", SCRIPT, include_str!("../page/event.js")),
    ("/frames.js", SCRIPT, include_str!("../page/frames.js")),
    ("/issues.js", SCRIPT, include_str!("../page/issues.js")),
    ("/telemetry.js", SCRIPT, include_str!("../page/telemetry.js")),
    ("/transaction.js", SCRIPT, include_str!("../page/transaction.js")),
];
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
        "/logs",
        "/metrics",
        "/sessions",
    ];
    let index = || async { file("text/html; charset=utf-8", INDEX) };
    app.service(web::resource(paths).get(index).default_service(takes("GET")));
    for (path, media_type, content) in FILES {
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

//! The page: which paths serve it, and that it brings all it needs.

use reqwest::Response;

use crate::helpers::{App, spawn_app};

async fn load(app: &App, path: &str) -> Response {
    app.http.get(format!("{}{path}", app.inbox.url())).send().await.unwrap()
}

#[actix_web::test]
async fn deep_links_serve_the_page() {
    let app = spawn_app().await;
    let lists = ["/", "/transactions", "/logs", "/metrics", "/sessions"];
    let single = ["/issues/1", "/events/0123456789abcdef0123456789abcdef", "/transactions/abc"];
    for path in lists.into_iter().chain(single) {
        let response = load(&app, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["Content-Type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(response.text().await.unwrap(), include_str!("../../page/index.html"), "{path}");
    }
}

#[actix_web::test]
async fn style_and_script_are_served_as_what_they_are() {
    let app = spawn_app().await;
    for (path, kind, content) in [
        ("/style.css", "text/css; charset=utf-8", include_str!("../../page/style.css")),
        ("/page.js", "text/javascript; charset=utf-8", include_str!("../../page/page.js")),
    ] {
        let response = load(&app, path).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["Content-Type"]),
            (200, &kind.parse().unwrap())
        );
        assert_eq!(response.text().await.unwrap(), content);
    }
}

#[actix_web::test]
async fn every_file_of_the_page_is_served() {
    let app = spawn_app().await;
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/page")).unwrap();
    for file in folder.map(|file| file.unwrap()) {
        let name = file.file_name().into_string().unwrap();
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        let served = load(&app, &path).await.text().await.unwrap();
        assert_eq!(served, std::fs::read_to_string(file.path()).unwrap(), "{name}");
    }
}

#[actix_web::test]
async fn nothing_that_an_event_contains_could_run() {
    let app = spawn_app().await;
    let headers = load(&app, "/").await.headers().clone();
    let policy = headers["Content-Security-Policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(headers["X-Content-Type-Options"], "nosniff");
}

//! The page: which paths serve it, that it brings all it needs, and that nothing an event contains could run in it.

use std::collections::BTreeSet;

use reqwest::Response;

use crate::helpers::{App, spawn_app};

async fn load(app: &App, path: &str) -> Response {
    app.http.get(format!("{}{path}", app.inbox.url())).send().await.unwrap()
}

async fn text(app: &App, path: &str) -> String {
    let response = load(app, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

/// What is there to be served: path, content.
fn files() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/page")).unwrap();
    let files = folder.map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        (path, std::fs::read_to_string(file.path()).unwrap())
    });
    files.collect()
}

/// All that stands between `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        None => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("js") => "text/javascript; charset=utf-8",
        Some(other) => panic!("{other} is not expected"),
    }
}

#[actix_web::test]
async fn deep_links_serve_the_page() {
    let app = spawn_app().await;
    let lists = [
        "/",
        "/?level=fatal",
        "/transactions",
        "/transactions?trace=abc",
        "/profiles",
        "/logs",
        "/metrics",
        "/sessions",
    ];
    let single = ["/issues/1", "/events/0123456789abcdef0123456789abcdef", "/transactions/abc"];
    for path in lists.into_iter().chain(single) {
        let response = load(&app, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["Content-Type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(response.text().await.unwrap(), include_str!("../../page/index.html"), "{path}");
    }
}

#[actix_web::test]
async fn every_file_of_the_page_is_served_as_what_it_is() {
    let app = spawn_app().await;
    for (path, content) in files() {
        let response = load(&app, &path).await;
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers().clone();
        assert_eq!(headers["Content-Type"], media_type(&path), "{path}");
        assert_eq!(headers["Cache-Control"], "no-cache", "{path}");
        assert_eq!(response.text().await.unwrap(), content, "{path}");
    }
}

#[actix_web::test]
async fn every_link_and_every_module_that_is_imported_is_served() {
    let app = spawn_app().await;
    let index = text(&app, "/").await;
    let mut scripts = BTreeSet::new();
    let addresses = [between(&index, "href=\"", '"'), between(&index, "src=\"", '"')].concat();
    assert!(addresses.contains(&"/page.js") && addresses.contains(&"/style.css"), "{addresses:?}");
    let mut wanted: Vec<String> = addresses.into_iter().map(str::to_owned).collect();
    while let Some(path) = wanted.pop() {
        let content = text(&app, &path).await;
        if path.ends_with(".js") && scripts.insert(path) {
            let modules = between(&content, "from '", '\'').into_iter();
            wanted.extend(modules.map(|module| {
                let name = module.strip_prefix("./").expect("a module of ours");
                format!("/{name}")
            }));
        }
    }
    let there = files().into_iter().map(|(path, _)| path).filter(|path| path.ends_with(".js"));
    assert_eq!(scripts, there.collect(), "a script that nothing imports");
}

#[actix_web::test]
async fn nothing_that_an_event_contains_could_run() {
    let app = spawn_app().await;
    for (path, _) in files() {
        let headers = load(&app, &path).await.headers().clone();
        let policy = headers["Content-Security-Policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers["X-Content-Type-Options"], "nosniff", "{path}");
    }
}

#[actix_web::test]
async fn what_an_event_contains_becomes_text_and_never_markup() {
    let sinks =
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "srcdoc", "eval(", "Function("];
    for (path, content) in files() {
        let found: Vec<_> = sinks.iter().filter(|sink| content.contains(**sink)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[actix_web::test]
async fn the_page_needs_nothing_that_its_own_policy_forbids() {
    let app = spawn_app().await;
    let index = text(&app, "/").await;
    for forbidden in ["://", "<style", " style=", "<script>", " onclick=", " onload="] {
        assert!(!index.contains(forbidden), "{forbidden}");
    }
    let style = text(&app, "/style.css").await;
    for forbidden in ["url(", "@import", "://"] {
        assert!(!style.contains(forbidden), "{forbidden}");
    }
}

#[actix_web::test]
async fn what_is_no_part_of_the_page_is_404() {
    let app = spawn_app().await;
    for path in ["/nothing.js", "/page/page.js", "/index.html"] {
        assert_eq!(load(&app, path).await.status(), 404, "{path}");
    }
}

#[test]
fn the_page_is_smaller_than_a_megabyte() {
    let bytes: usize = files().iter().map(|(_, content)| content.len()).sum();
    assert!(bytes < 1_000_000, "{bytes}");
}

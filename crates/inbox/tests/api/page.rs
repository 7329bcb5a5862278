//! The page: which paths serve it, that it brings all it needs, and that nothing an event contains could run in it.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use inbox::answers::Hints;
use inbox::page::{Additions, File, Routes};
use inbox::{Inbox, Options};
use reqwest::{Method, Response};
use serde_json::json;

use crate::helpers::{App, answer, spawn_app, spawn_app_with};

async fn load(app: &App, path: &str) -> Response {
    app.http.get(format!("{}{path}", app.inbox.url())).send().await.unwrap()
}

/// As a browser loads an address that somebody typed or followed.
async fn visit(app: &App, path: &str) -> Response {
    let accepted = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    app.request(Method::GET, path).header("Accept", accepted).send().await.unwrap()
}

async fn text(app: &App, path: &str) -> String {
    let response = load(app, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

/// What is there to be served: path, content. Licences and declarations of types only lie beside it.
fn files() -> Vec<(String, String)> {
    let page = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/page"));
    let mut files = Vec::new();
    for (folder, at) in [(page.to_owned(), "/"), (page.join("vendor"), "/vendor/")] {
        for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            if file.path().is_file() && !name.ends_with(".d.ts") && !name.ends_with("LICENSE") {
                let path = if name == "index.html" { at.to_owned() } else { format!("{at}{name}") };
                files.push((path, std::fs::read_to_string(file.path()).unwrap()));
            }
        }
    }
    files
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
async fn a_browser_gets_the_page_under_every_address_that_nothing_else_has() {
    let app = spawn_app().await;
    for path in [
        "/",
        "/?level=fatal",
        "/issues/1",
        "/transactions?trace=abc",
        "/logs",
        "/a/tab/nobody/knows",
        "/v1.2.3",
    ] {
        let response = visit(&app, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["Content-Type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(response.text().await.unwrap(), include_str!("../../page/index.html"), "{path}");
    }
    for path in ["/api", "/api/nothing", "/api/issues/1"] {
        assert_eq!(visit(&app, path).await.status(), 404, "{path}");
    }
}

fn additions(tabs: &[&'static str], names: &[&'static str]) -> Options {
    let files = names.iter().map(|name| File { name, content: "export default {};" }).collect();
    let hints = Hints { events: vec!["make an event".to_owned()], profiles: Vec::new() };
    let routes = Routes::new(|app| {
        app.route("/added/api", web::get().to(async || HttpResponse::Ok().json("added")));
    });
    Options { page: Additions { tabs: tabs.to_vec(), files, hints, routes }, ..Options::default() }
}

#[actix_web::test]
async fn the_embedding_program_adds_tabs_files_hints_and_routes() {
    let app = spawn_app_with(additions(&["added.js"], &["added.js", "added.css"])).await;
    let page = app.get("/api/page").await;
    let hints = json!({ "events": ["make an event"], "profiles": [] });
    assert_eq!(page.body, json!({ "tabs": ["/added.js"], "hints": hints }));
    for path in ["/added.js", "/added.css"] {
        let response = load(&app, path).await;
        assert_eq!(response.headers()["Content-Type"], media_type(path), "{path}");
        assert!(response.headers().contains_key("Content-Security-Policy"), "{path}");
        assert_eq!(response.text().await.unwrap(), "export default {};", "{path}");
    }
    assert_eq!(app.get("/added/api").await.body, "added");
    let foreign = answer(app.request(Method::GET, "/added/api").header("Host", "evil.example")).await;
    assert_eq!(foreign.status, 403, "{foreign:?}");
}

#[actix_web::test]
async fn additions_that_cannot_be_served_stop_the_start() {
    for (options, name) in [
        (additions(&[], &["page.js"]), "page.js"),
        (additions(&[], &["a.js", "a.js"]), "a.js"),
        (additions(&[], &["a.html"]), "a.html"),
        (additions(&[], &["../a.js"]), "../a.js"),
        (additions(&["missing.js"], &["a.js"]), "missing.js"),
    ] {
        let error = Inbox::start_with(options).await.unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
}

#[actix_web::test]
async fn the_receiver_knows_no_service_port_or_path_of_others() {
    for (path, content) in files() {
        let named = ["localhost", "127.0.0.1", "/debug", "SENTRY_PROFILE"];
        let found: Vec<_> = named.iter().filter(|it| content.contains(**it)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
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
    let charts = text(&app, "/vendor/uPlot.min.css").await;
    for forbidden in ["url(", "@import", "://"] {
        assert!(!style.contains(forbidden) && !charts.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn what_others_wrote_has_its_licence_beside_it() {
    let licence = include_str!("../../page/vendor/uPlot.LICENSE");
    assert!(licence.contains("MIT License") && licence.contains("Copyright"), "{licence}");
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

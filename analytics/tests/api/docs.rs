use analytics::scenarios::CATALOGUE;
use scenario::Guards;
use serde_json::{Value, json};

use crate::helpers::{App, http, spawn_app, spawn_app_with};

async fn text(app: &App, path: &str) -> (u16, String) {
    let response = http().get(format!("{}{path}", app.url)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[actix_web::test]
async fn the_openapi_document_holds_every_scenario_and_its_answer() {
    let app = spawn_app().await;
    let document = app.get("/openapi.json").await.body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{}", document["openapi"]);
    for scenario in CATALOGUE.scenarios {
        let method = scenario.method.http().as_str().to_lowercase();
        let operation = &document["paths"][scenario.path][&method];
        assert_eq!(operation["summary"], scenario.title, "{method} {}", scenario.path);
        let answer = &operation["responses"][scenario.expect.status.to_string()];
        assert!(answer.is_object(), "{method} {}: {operation}", scenario.path);
        for parameter in scenario.parameters {
            let mut known = operation["parameters"].as_array().unwrap().iter();
            assert!(known.any(|it| it["name"] == parameter.name), "{operation}");
        }
    }
}

#[actix_web::test]
async fn the_openapi_document_holds_the_routes_that_are_no_scenarios() {
    let app = spawn_app().await;
    let document = app.get("/openapi.json").await.body;
    for path in ["/health", "/ready", "/api/debug"] {
        assert!(document["paths"][path]["get"]["responses"]["200"].is_object(), "{path}");
    }
}

#[actix_web::test]
async fn bounds_and_bodies_are_in_the_openapi_document() {
    let app = spawn_app().await;
    let paths = app.get("/openapi.json").await.body["paths"].clone();
    let timeout = &paths["/api/debug/timeout"]["get"];
    let schema = json!({ "type": "number", "default": 5.0, "minimum": 0.1, "maximum": 30 });
    assert_eq!(
        (&timeout["parameters"][0]["in"], &timeout["parameters"][0]["schema"]),
        (&json!("query"), &schema)
    );
    assert!(timeout["responses"]["422"].is_object());
    let post = &paths["/api/debug/validation-error"]["post"];
    let body = &post["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["required"], json!(["user_id", "age", "email"]));
    assert_eq!(
        (&body["properties"]["age"]["minimum"], &body["properties"]["age"]["type"]),
        (&json!(18), &json!("integer"))
    );
}

#[actix_web::test]
async fn every_reference_in_the_openapi_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => (),
        }
    }
    let app = spawn_app().await;
    let document = app.get("/openapi.json").await.body;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[actix_web::test]
async fn the_docs_page_loads_all_of_its_files_from_the_service() {
    let app = spawn_app().await;
    let (status, page) = text(&app, "/docs").await;
    assert_eq!(status, 200);
    let files: Vec<_> = page
        .split(['"'])
        .filter(|part| [".css", ".js", ".png"].iter().any(|end| part.ends_with(end)))
        .collect();
    assert_eq!(files.len(), 4, "{page}");
    assert!(!page.contains("://") && page.contains("\"openapi.json\""), "{page}");
    for file in files {
        let (status, content) = text(&app, &format!("/{file}")).await;
        assert_eq!((status, content.is_empty()), (200, false), "{file}");
    }
    assert_eq!(text(&app, "/docs/no-such-file").await.0, 404);
}

#[actix_web::test]
async fn what_is_switched_off_is_not_in_the_openapi_document() {
    let app = spawn_app_with(|settings| settings.guards = Guards::new(false, None)).await;
    let document = app.get("/openapi.json").await.body;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/health"));
    assert!(paths.keys().all(|path| !path.contains("debug")), "{:?}", paths.keys());
}

//! The part of Sentry's API that `sentry-cli` asks for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, App, answer, spawn_app};

const RELEASES: &str = "/api/0/organizations/demo/releases/";

async fn ask(app: &App, method: Method, path: &str, body: Value) -> Answer {
    let request = app.request(method, path).bearer_auth("any");
    answer(request.header("Content-Type", "application/json").body(body.to_string())).await
}

async fn make(app: &App, version: &str) -> Answer {
    ask(app, Method::POST, RELEASES, json!({ "version": version, "projects": ["shop"] })).await
}

#[actix_web::test]
async fn a_release_has_what_was_said_of_it() {
    let app = spawn_app().await;
    let made = make(&app, "shop@1").await;
    assert_eq!((made.status, &made.body["version"]), (201, &json!("shop@1")));
    assert_eq!(made.body["projects"], json!([{ "slug": "shop", "name": "shop" }]));
    assert!(made.body["dateCreated"].as_str().unwrap().ends_with('Z'), "{made:?}");
    let path = format!("{RELEASES}shop@1/");
    let commit = json!({ "id": "c1", "message": "Sell", "author_name": "Ada", "timestamp": "2026-11-26T10:00:00+01:00" });
    let changed = ask(&app, Method::PUT, &path, json!({ "commits": [commit, { "message": "no id" }] })).await;
    assert_eq!((changed.status, &changed.body["commitCount"]), (200, &json!(1)));
    ask(&app, Method::PUT, &path, json!({ "dateReleased": "2026-11-26T11:00:00Z" })).await;
    let deployed =
        ask(&app, Method::POST, &format!("{path}deploys/"), json!({ "environment": "test" })).await;
    assert_eq!((deployed.status, &deployed.body["id"]), (201, &json!("1")));

    let held = app.list("/api/releases", "releases").await;
    let commit = json!({ "id": "c1", "message": "Sell", "author": "Ada", "created_at": 1_795_683_600.0 });
    assert_eq!((&held[0]["commits"], &held[0]["released_at"]), (&json!([commit]), &json!(1_795_690_800.0)));
    assert_eq!(held[0]["deploys"][0]["environment"], "test");
    assert_eq!(app.get(&format!("{path}commits/")).await.body[0]["id"], "c1");
    assert_eq!(app.get(&format!("{path}deploys/")).await.body[0]["environment"], "test");
    assert_eq!(app.get(&path).await.body["dateReleased"], "2026-11-26T11:00:00Z");

    // A second one is not empty of the first.
    make(&app, "shop@2").await;
    let before = app.get(&format!("{RELEASES}shop@2/previous-with-commits/")).await;
    assert_eq!(before.body["lastCommit"]["id"], "c1");
    assert_eq!(app.get(&format!("{path}previous-with-commits/")).await.body, json!({}));
    let elsewhere = json!({ "version": "stock@1", "projects": ["stock"] });
    ask(&app, Method::POST, RELEASES, elsewhere).await;
    let before = app.get(&format!("{RELEASES}stock@1/previous-with-commits/")).await;
    assert_eq!(before.body, json!({}), "of another project");
    assert_eq!(app.get(RELEASES).await.body.as_array().unwrap().len(), 3);
    assert_eq!(app.get("/api/0/organizations/demo/repos/").await.body, json!([]));
}

#[actix_web::test]
async fn what_cannot_be_a_release_is_refused() {
    let app = spawn_app().await;
    for version in ["", ".", "..", "a/b", "a\nb", &"v".repeat(201)] {
        assert_eq!(make(&app, version).await.status, 400, "{version}");
    }
    for body in [json!({}), json!([]), json!({ "version": 7 }), json!({ "version": "a", "commits": 7 })] {
        assert_eq!(ask(&app, Method::POST, RELEASES, body.clone()).await.status, 400, "{body}");
    }
    let nameless = app.request(Method::POST, RELEASES).header("Content-Type", "application/json");
    assert_eq!(answer(nameless.body(r#"{"version":"a"}"#)).await.status, 401, "without a token");
    let unknown = format!("{RELEASES}none/");
    assert_eq!(app.get(&unknown).await.status, 404);
    let deploy =
        ask(&app, Method::POST, &format!("{unknown}deploys/"), json!({ "environment": "test" })).await;
    assert_eq!(deploy.status, 404);
    assert_eq!(ask(&app, Method::DELETE, RELEASES, json!({})).await.status, 405);
    assert_eq!(app.get("/api/0/organizations/demo/members/").await.status, 404);
    let long = json!({ "version": "a", "projects": ["p".repeat(4 * 1024 * 1024)] });
    assert_eq!(ask(&app, Method::POST, RELEASES, long).await.status, 413);
    assert_eq!(app.list("/api/releases", "releases").await, Vec::<Value>::new());
}

#[actix_web::test]
async fn releases_are_bounded() {
    let app = spawn_app().await;
    for number in 0..202 {
        assert_eq!(make(&app, &format!("shop@{number}")).await.status, 201);
    }
    let path = format!("{RELEASES}shop@201/");
    let commits: Vec<_> =
        (0..202).map(|it| json!({ "id": it.to_string(), "message": "m".repeat(2_000) })).collect();
    let projects: Vec<_> = (0..60).map(|it| format!("p{it}")).collect();
    ask(&app, Method::PUT, &path, json!({ "commits": commits, "projects": projects })).await;
    for number in 0..52 {
        let deploy = json!({ "environment": format!("e{number}"), "name": "n".repeat(1_000) });
        ask(&app, Method::POST, &format!("{path}deploys/"), deploy).await;
    }
    let held = app.list("/api/releases", "releases").await;
    let length = |field: &str| held[0][field].as_array().unwrap().len();
    assert_eq!((held.len(), length("commits"), length("projects"), length("deploys")), (200, 200, 50, 50));
    assert_eq!((&held[0]["version"], &held[199]["version"]), (&json!("shop@201"), &json!("shop@2")));
    assert_eq!(held[0]["deploys"][0]["environment"], "e51");
    let long = |text: &Value| text.as_str().unwrap().len();
    assert!(long(&held[0]["commits"][0]["message"]) <= 1_024 && long(&held[0]["deploys"][0]["name"]) <= 256);
}

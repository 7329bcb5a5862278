use fixtures::common::input;
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::helpers::spawn_app;

#[actix_web::test]
async fn an_unknown_path_is_404_as_json() {
    input::of_an_unknown_path_is_404(&spawn_app().await).await;
}

#[actix_web::test]
async fn a_wrong_method_is_405_with_those_allowed() {
    let app = spawn_app().await;
    let allowed =
        [("/debug/crash", "GET, HEAD"), ("/debug/memory-leak", "GET, HEAD, DELETE"), ("/ready", "GET, HEAD")];
    input::with_a_wrong_method_is_405(&app, Method::PUT, &allowed).await;
}

#[actix_web::test]
async fn a_parameter_out_of_bounds_is_400_and_names_them() {
    let app = spawn_app().await;
    let queries = [
        ("/debug/memory-leak?mb=0", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=101", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=fifty", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=", "mb", 1.0, 100.0),
        ("/debug/event-loop-block?seconds=31", "seconds", 0.1, 30.0),
        ("/debug/event-loop-block?seconds=0", "seconds", 0.1, 30.0),
        ("/debug/event-loop-block?seconds=NaN", "seconds", 0.1, 30.0),
    ];
    input::out_of_bounds_is_400(&app, &queries).await;
    assert_eq!(app.delete("/debug/memory-leak").await.body["released_mb"], 0);
}

#[actix_web::test]
async fn hostile_headers_change_nothing() {
    input::in_headers_changes_nothing(&spawn_app().await, "/debug/crash", HeaderMap::new()).await;
}

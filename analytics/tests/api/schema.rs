//! The OpenAPI document and the service agree, whatever callers send.

use tokio::process::Command;

use crate::helpers::{App, spawn_app, spawn_app_on};

/// What no answer may be: a server's error, a status or a shape that the document does not have.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      negative_data_rejection,unsupported_method";

/// Runs Schemathesis on the business routes; what it found.
async fn fuzz(app: &App, checks: &str) -> Option<String> {
    let bin = fixtures::needed(fixtures::python::venv("schemathesis", &["schemathesis==4.32.5"]))?;
    let mut fuzz = Command::new(bin.join("st"));
    fuzz.args(["run", &format!("{}/openapi.json", app.url), "--include-path-regex", "^/api/v1/"])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", checks])
        .args(["--max-examples", "25", "--seed", "6", "--generation-deterministic", "--no-color"])
        // It keeps what it learned in the folder where it runs.
        .current_dir(env!("CARGO_TARGET_TMPDIR"));
    let output = fuzz.output().await.unwrap();
    let reported = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{reported}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(reported)
}

#[actix_web::test]
async fn whatever_is_asked_the_answer_is_one_that_the_document_has() {
    let Some(url) = fixtures::mongo::database("schema") else { return };
    let app = spawn_app_on(url).await;
    let Some(reported) = fuzz(&app, CHECKS).await else { return };
    assert!(reported.contains("No issues found"), "{reported}");
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn without_a_database_the_answers_are_in_the_document_too() {
    let app = spawn_app().await;
    let Some(reported) = fuzz(&app, "status_code_conformance,response_schema_conformance").await else {
        return;
    };
    assert!(reported.contains("No issues found"), "{reported}");
}

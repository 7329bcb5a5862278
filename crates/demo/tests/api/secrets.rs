//! No secret leaves a service: not to Sentry, not to the terminal.

use fixtures::secrets::{self, dressed};

use crate::full_run::{Setup, fire};

#[actix_web::test]
async fn no_planted_secret_is_in_any_byte_that_left_or_any_line_that_was_logged() {
    keeps_every_secret("text").await;
}

#[actix_web::test]
async fn no_planted_secret_is_in_any_byte_that_left_or_any_line_that_was_logged_as_json() {
    keeps_every_secret("json").await;
}

async fn keeps_every_secret(format: &str) {
    let environment = secrets::environment().into_iter().chain([("LOG_FORMAT", format)]);
    let environment = environment.map(|(name, value)| (name, value.to_owned())).collect();
    let run = fire(Setup { environment, prepare: dressed }).await;
    secrets::assert_none("Sentry", &String::from_utf8_lossy(&run.bytes));
    secrets::assert_none("the terminal", &run.terminal);
    // Secrets were filtered, not everything.
    for event in &run.events {
        let reported = &event["request"];
        if reported.is_null() {
            assert!(event["contexts"]["monitor"].is_object(), "only a job is no request: {event:#}");
            continue;
        }
        assert_eq!(reported["headers"]["x-auth-token"], "[Filtered]", "{reported}");
        assert_eq!(reported["headers"]["user-agent"], "agent/1 token=[Filtered] [Filtered]", "{reported}");
        let user = event["user"]["id"].as_str().unwrap_or_default();
        assert_eq!(user.contains("bob"), !names_user(event), "{user}");
        assert!(
            reported["query_string"].as_str().is_some_and(|query| query.contains("api_key=[Filtered]")),
            "{reported}"
        );
        assert!(
            reported["data"].as_str().is_some_and(|data| data.contains(r#""card":"[Filtered]""#)),
            "{reported}"
        );
    }
    assert!(run.terminal.contains("DEBUG"), "it was to log much");
}

/// Does the call itself name the user, whatever the header says?
fn names_user(event: &serde_json::Value) -> bool {
    event["tags"]["scenario"].as_str().is_some_and(|scenario| scenario.ends_with(".panic"))
}

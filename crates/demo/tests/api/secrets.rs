//! No secret leaves a service: not to Sentry, not to the terminal.

use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;

use crate::volley::{Aim, fire};

/// Part of every secret here; nothing else has it.
const PLANTED: &str = "planted";

/// Secrets wherever a caller can put some.
fn dressed(request: RequestBuilder) -> RequestBuilder {
    let body = r#"{"password":"planted-b1","card":{"number":4111,"holder":"planted-b2"},"list":[{"cvv":"planted-b3"}],
        "note":"token=planted-b4","accessJwt":"planted-b5","session":"planted-b6","otp":"planted-b7","ssn":"planted-b8",
        "iban":"planted-b9","cc_number":"planted-b10","code":"planted-b11","fields":[{"name":"password","value":"planted-b12"}],
        "user_id":"u","age":5,"email":"planted-debug-token"}"#;
    let (client, request) = request.build_split();
    let mut request = request.expect("a request");
    request.url_mut().query_pairs_mut().extend_pairs([
        ("password", "planted-q1"),
        ("api_key", "planted-q2"),
        ("cardNumber", "planted-q3"),
        ("next", "https://u:planted-q4@host/?access_token=planted-q5"),
        ("note", "planted-debug-token"),
        ("auth_key", "planted-q6"),
        ("session", "planted-q7"),
        ("PHPSESSID", "planted-q8"),
        ("X-Amz-Signature", "planted-q9"),
        ("otp", "planted-q10"),
        ("code", "planted-q11"),
        ("back", "https://host/cb?code=planted-q12&user[password]=planted-q13"),
        ("twice", "password%3Dplanted-q14"),
        ("jwt_in", "/login/eyJplanted0123456789.eyJplanted.abc"),
    ]);
    request.headers_mut().insert("X-User-Id", HeaderValue::from_static("bob password=planted-h7"));
    RequestBuilder::from_parts(client, request)
        .header("Authorization", "Bearer planted-debug-token")
        .header("Proxy-Authorization", "Basic planted-h1")
        .header("Cookie", "session=planted-h2; theme=planted-h3")
        .header("Set-Cookie", "a=planted-h4")
        .header("X-Api-Key", "planted-h5")
        .header("X-Auth-Token", "planted-h6")
        .header("User-Agent", "agent/1 token=planted-h8 planted-debug-token")
        .header("Referer", "http://host/?secret=planted-h9")
        .header("baggage", "my-token=planted-h10,note=password%3Dplanted-h11,session=planted-h21,accessJwt=planted-h22;code=planted-h23,other=planted-debug-token")
        .header("X-Forwarded-For", "10.0.0.1, planted-debug-token")
        .header("X-Auth-Key", "planted-h12")
        .header("Ocp-Apim-Subscription-Key", "planted-h13")
        .header("X-Functions-Key", "planted-h14")
        .header("Authentication", "planted-h15")
        .header("Cf-Access-Jwt-Assertion", "planted-h16")
        .header("X-Session", "planted-h17")
        .header("X-Original-Url", "/cb?code=planted-h18")
        .header("X-Note", "password%253Dplanted-h19 user:planted-h20@host eyJplanted0123456789")
        .header("Content-Type", "application/json")
        .body(body)
}

#[actix_web::test]
async fn no_planted_secret_is_in_any_byte_that_left_or_any_line_that_was_logged() {
    let environment = vec![
        ("DEBUG_TOKEN", "planted-debug-token".to_owned()),
        ("MONGODB_URL", "mongodb://app:planted%2Fdatabase@127.0.0.1:1/".to_owned()),
        ("RUST_LOG", "debug".to_owned()),
    ];
    let volley = fire(Aim { environment, dress: dressed }).await;
    let bytes = String::from_utf8_lossy(&volley.bytes);
    for (place, text) in [("Sentry", bytes.as_ref()), ("the terminal", &volley.terminal)] {
        let found = text.match_indices(PLANTED).map(|(at, _)| around(text, at)).collect::<Vec<_>>();
        assert!(
            found.is_empty(),
            "{place} got {}:\n{}",
            found.len(),
            found[..found.len().min(20)].join("\n")
        );
    }
    // Secrets were filtered, not everything.
    for event in &volley.events {
        let told = &event["request"];
        assert_eq!(told["headers"]["x-auth-token"], "[Filtered]", "{told}");
        assert_eq!(told["headers"]["user-agent"], "agent/1 token=[Filtered] [Filtered]", "{told}");
        let user = event["user"]["id"].as_str().unwrap_or_default();
        assert_eq!(user.contains("bob"), !names_user(event), "{user}");
        assert!(
            told["query_string"].as_str().is_some_and(|query| query.contains("api_key=[Filtered]")),
            "{told}"
        );
        assert!(told["data"].as_str().is_some_and(|data| data.contains(r#""card":"[Filtered]""#)), "{told}");
    }
    assert!(volley.terminal.contains("DEBUG"), "it was to log much");
}

/// Does the call itself name the user, whatever the header says?
fn names_user(event: &serde_json::Value) -> bool {
    event["tags"]["scenario"].as_str().is_some_and(|scenario| scenario.ends_with(".panic"))
}

fn around(text: &str, at: usize) -> String {
    let (before, after) = text.split_at(at);
    let before: String = before.chars().rev().take(80).collect();
    before.chars().rev().chain(after.chars().take(40)).collect()
}

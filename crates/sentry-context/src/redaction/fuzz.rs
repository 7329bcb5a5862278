//! Texts, JSON and requests of any shape: nothing panics or grows without bound, and no planted secret survives.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use sentry::protocol::{Request, Value};

use super::*;

const SECRET: &str = "planted7secret";

/// Names that mean a secret wherever they occur.
const NAMES: [&str; 12] = [
    "password",
    "api_key",
    "X-Auth-Token",
    "accessJwt",
    "client-secret",
    "PHPSESSID",
    "cardNumber",
    "ssn",
    "iban",
    "csrftoken",
    "otp",
    "user[passwd]",
];

/// How a text may carry one.
const FORMS: [&str; 17] = [
    "{\"name\":\"NAME\",\"value\":\"SECRET\"}",
    "{\\\"input\\\":\\\"SECRET\\\",\\\"loc\\\":[\\\"a\\\",\\\"NAME\\\"]}",
    "NAME=SECRET",
    "NAME: SECRET",
    "NAME => SECRET",
    "NAME=\"SECRET\"",
    "NAME: 'a SECRET'",
    "{\"NAME\":\"SECRET\"}",
    "{\\\"NAME\\\":\\\"SECRET\\\"}",
    "{\"NAME\":{\"a\":[\"SECRET\"]}}",
    "NAME(Some(\"a\")) NAME=Some(\"SECRET\")",
    "https://host/?a=1&NAME=SECRET&b=2",
    "https://user:SECRET@host/path",
    "<NAME>SECRET</NAME>",
    "Authorization: Bearer SECRET",
    "sent Bearer SECRET to it",
    "eyJhbGciOiJIUzI1NiJ9.SECRET",
];

/// What has a meaning here, in any order.
fn noise() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "a",
            "token",
            "password",
            "=",
            ":",
            "://",
            "@",
            "&",
            "?",
            "%25",
            "%3D",
            "%",
            "\\",
            "\"",
            "'",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            ",",
            ";",
            " ",
            "\n",
            "--",
            "basic ",
            "bearer ",
            "eyJ",
            "eyJhbGciOiJI",
            "4111 1111 1111 1111",
            "4111",
            "DE89",
            "-----BEGIN ",
            "-----",
            "-----END ",
            "cookie: ",
            "[Filtered]",
            "\\u0022",
            "é",
            "\u{2028}",
            "http",
            "u:p@h",
        ])
        .prop_map(str::to_owned),
        ".{0,3}",
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn redacted(place: Place, reported: &str) -> String {
    let mut reported = reported.to_owned();
    text::of(place, &mut reported);
    reported
}

fn encoded(mut text: String, layers: usize) -> String {
    for _ in 0..layers {
        text = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    }
    text
}

/// JSON with a secret behind a name, at any depth.
fn planted_json() -> impl Strategy<Value = Value> {
    let harmless =
        prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), noise().prop_map(Value::from)];
    let secret = prop_oneof![
        Just(serde_json::json!(SECRET)),
        Just(serde_json::json!([SECRET, { "a": SECRET }])),
        Just(serde_json::json!({ "number": 1, "of": SECRET })),
    ];
    let planted = (prop::sample::select(&NAMES[..]), secret, harmless).prop_map(|(name, secret, harmless)| {
        serde_json::json!({ name: secret, "a": harmless, "named": { "name": name, "value": SECRET } })
    });
    planted.prop_recursive(6, 30, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
            (noise(), inner.clone()).prop_map(|(name, json)| serde_json::json!({ name: json })),
            // JSON in JSON.
            inner.prop_map(|json| Value::from(json.to_string())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_any_text_is_redacted_once_for_all_and_in_bounded_space(text in prop_oneof![noise(), ".{0,200}"]) {
        for place in [Place::Own, Place::Client] {
            let once = redacted(place, &text);
            prop_assert!(once.len() <= FILTERED.len() * (text.len() + 1), "{once}");
            prop_assert_eq!(redacted(place, &once), once);
        }
    }

    #[test]
    fn fuzz_the_work_on_any_text_is_in_proportion_to_its_length(parts in noise(), times in 1..200_usize) {
        let text = parts.repeat(times);
        let looked_at = work::of(|| drop(redacted(Place::Client, &text)));
        prop_assert!(looked_at <= 100 * (text.len() + 100), "{} of {}", looked_at, text.len());
    }

    #[test]
    fn fuzz_a_planted_secret_survives_in_no_text(
        before in "[a-z \"'(),.:;=?&\\[{-]{0,20}",
        after in "[a-z \"'(),.:;=?&\\]}-]{0,20}",
        name in prop::sample::select(&NAMES[..]),
        form in prop::sample::select(&FORMS[..]),
        layers in 0..=5_usize,
    ) {
        let reported = form.replace("NAME", name).replace("SECRET", SECRET);
        let text = encoded(format!("{before} {reported} {after}"), layers);
        let seen = redacted(Place::Client, &text);
        prop_assert!(!seen.contains(SECRET), "{text} became {seen}");
    }

    #[test]
    fn fuzz_a_planted_secret_survives_in_no_json(mut json in planted_json()) {
        json_of(Place::Client, &mut json);
        let once = json.to_string();
        prop_assert!(!once.contains(SECRET), "{once}");
        json_of(Place::Client, &mut json);
        prop_assert_eq!(json.to_string(), once);
    }

    #[test]
    fn fuzz_a_planted_secret_survives_in_no_part_of_a_request(
        name in prop::sample::select(&NAMES[..]),
        noise in noise(),
        layers in 0..=3_usize,
    ) {
        let pair = encoded(format!("{name}={SECRET}"), layers);
        let named = encoded(format!("{{\"name\":\"{name}\",\"value\":\"{SECRET}\"}}"), layers + 1);
        let query = format!("a={}&{pair}&b={named}", encoded(noise.clone(), 1));
        let mut reported = Request {
            url: format!("https://u:{SECRET}@host/{pair}?{query}#{pair}").parse().ok(),
            query_string: Some(query.clone()),
            data: Some(query.clone()),
            cookies: Some(format!("a={SECRET}")),
            headers: [
                (name.to_owned(), SECRET.to_owned()),
                ("x-note".to_owned(), format!("{noise} {pair}")),
                ("referer".to_owned(), format!("https://host/?{query}")),
                ("baggage".to_owned(), format!("a=b;{pair},{pair}")),
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ]
            .into(),
            ..Request::default()
        };
        request(&mut reported);
        let written = serde_json::to_string(&reported).unwrap();
        prop_assert!(!written.contains(SECRET), "{written}");
        prop_assert!(written.len() <= 2_000 + 60 * (noise.len() + query.len()), "{written}");
    }
}

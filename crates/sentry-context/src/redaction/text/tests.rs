use super::super::{hide, hide_password_of, work};
use super::*;

fn seen(place: Place, reported: &str) -> String {
    let mut reported = reported.to_owned();
    of(place, &mut reported);
    reported
}

fn filtered_text(reported: &str) -> String {
    seen(Place::Own, reported)
}

#[test]
fn user_and_password_of_a_url_are_filtered_whatever_the_scheme() {
    for (reported, expected) in [
        ("no route to mongodb://app:pw@db:27017/x?a=b", "no route to mongodb://[Filtered]@db:27017/x?a=b"),
        ("redis://:pw@cache", "redis://[Filtered]@cache"),
        ("amqp://u:p@ss/w0rd?#@mq, then", "amqp://[Filtered]@mq, then"),
        ("https://key@sentry.example/1", "https://[Filtered]@sentry.example/1"),
        ("next=https%3A%2F%2Fu%3Apw%40host%2F&a=1@2", "next=https%3A%2F%2F[Filtered]%40host%2F&a=1@2"),
        ("a%2520b https%253A%252F%252Fu%253Apw%2540host", "a%2520b https%253A%252F%252F[Filtered]%2540host"),
        ("one http://a:b@c two http://d:e@f", "one http://[Filtered]@c two http://[Filtered]@f"),
        ("http://h/?next=http://u:p@g", "http://h/?next=http://[Filtered]@g"),
    ] {
        assert_eq!(filtered_text(reported), expected);
        assert_eq!(filtered_text(expected), expected, "what is filtered stays as it is");
    }
    for harmless in [
        "http://host:8080/users/a@b.example",
        "http://[::1]:8080/users/a@b.example",
        "https://host/a:b",
        "see mailto:a@b.example",
        "shop-api@1.0.0",
    ] {
        assert_eq!(filtered_text(harmless), harmless);
    }
    assert_eq!(seen(Place::Client, "u:pw@host:80"), "[Filtered]@host:80");
    assert_eq!(seen(Place::Client, "for=1.2.3.4;host=u:p@ss@h"), "for=1.2.3.4;host=[Filtered]@h");
    assert_eq!(seen(Place::Client, "mailto:a@b.example"), "mailto:a@b.example");
}

#[test]
fn a_value_behind_a_secrets_name_is_filtered_however_it_is_quoted() {
    for (reported, expected) in [
        ("login failed: password=hunter2, user=a", "login failed: password=[Filtered], user=a"),
        ("password=p,q;r user=a", "password=[Filtered] user=a"),
        (r#"{"api_key": "x y", "n": 1}"#, r#"{"api_key": "[Filtered]", "n": 1}"#),
        (r#"{"password":"a\"b","n":1}"#, r#"{"password":"[Filtered]","n":1}"#),
        (r#"body {\"token\":\"x\\\"y\",\"n\":1}"#, r#"body {\"token\":\"[Filtered]\",\"n\":1}"#),
        (r#"{"card":{"number":4111,"of":["a}"]},"n":1}"#, r#"{"card":"[Filtered]","n":1}"#),
        ("secret: 'a b' end", "secret: '[Filtered]' end"),
        ("Login { token: Some(\"a b\"), n: 1 }", "Login { token: [Filtered], n: 1 }"),
        (
            "Login { session_id: \"x\", auth: \"y\" }",
            "Login { session_id: \"[Filtered]\", auth: \"[Filtered]\" }",
        ),
        ("https://h/?password=x&a=1", "https://h/?password=[Filtered]&a=1"),
        ("https://h/?password=a%26b&a=1", "https://h/?password=[Filtered]&a=1"),
        ("https://h/cb?code=x&state=1", "https://h/cb?code=[Filtered]&state=1"),
        ("url=https://h/?a=b:cvv=1", "url=https://h/?a=b:cvv=[Filtered]"),
        ("note=password%3Dx%26a", "note=password%3D[Filtered]%26a"),
        ("note=password%253Dx", "note=password%253D[Filtered]"),
        (r"?a=1\u0026token\u003dx\u0026b", r"?a=1\u0026token\u003d[Filtered]\u0026b"),
        ("user[password]=x user['token']=y", "user[password]=[Filtered] user['token']=[Filtered]"),
        ("X-Session: abc", "X-Session: [Filtered]"),
        ("Authorization: Bearer abc.def", "Authorization: [Filtered]"),
        (
            "Authorization: Digest username=\"a\", response=\"b\"\nHost: h",
            "Authorization: [Filtered]\nHost: h",
        ),
        ("got Bearer abc.def from it", "got Bearer [Filtered] from it"),
        ("got basic dXNlcjpwdw== from it", "got basic [Filtered] from it"),
        ("Cookie: a=b; c=d", "Cookie: [Filtered]"),
        ("card_number => 4111", "card_number => [Filtered]"),
        ("<login><password>a b</password></login>", "<login><password>[Filtered]</password></login>"),
        ("mysqldump --password x --host h", "mysqldump --password [Filtered] --host h"),
        (r#"password="never closed, and so on"#, r#"password="[Filtered]"#),
    ] {
        assert_eq!(filtered_text(reported), expected);
        assert_eq!(filtered_text(expected), expected, "what is filtered stays as it is");
    }
}

#[test]
fn a_secret_is_known_by_its_form() {
    for (reported, expected) in [
        ("at /login/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_/x", "at /login/[Filtered]/x"),
        ("cut eyJhbGciOiJIUzI1N", "cut [Filtered]"),
        (
            "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\nok",
            "-----BEGIN PRIVATE KEY-----[Filtered]-----END PRIVATE KEY-----\nok",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "-----BEGIN RSA PRIVATE KEY-----[Filtered]"),
        ("paid by 4111 1111 1111 1111, ok", "paid by [Filtered], ok"),
        ("paid by 4111-1111-1111-1111.", "paid by [Filtered]."),
        ("paid by 5500000000000004", "paid by [Filtered]"),
        ("3782 822463 10005", "[Filtered]"),
        ("card%204111%201111%201111%201111", "card%20[Filtered]"),
        ("to DE89 3704 0044 0532 0130 00 now", "to [Filtered] now"),
        ("to GB82WEST12345698765432", "to [Filtered]"),
        ("id 078-05-1120", "id [Filtered]"),
        ("AKIAIOSFODNN7EXAMPLE", "[Filtered]"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[Filtered]"),
    ] {
        assert_eq!(filtered_text(reported), expected);
        assert_eq!(filtered_text(expected), expected, "what is filtered stays as it is");
    }
}

#[test]
fn a_value_whose_name_is_a_value_too_is_filtered() {
    for (reported, expected) in [
        (r#"{"name":"password","value":"x"}"#, r#"{"name":"password","value":"[Filtered]"}"#),
        (
            r#"got {"value": "x", "name": "api_key", and"#,
            r#"got {"value": "[Filtered]", "name": "api_key", and"#,
        ),
        (r#"{\"key\":\"otp\",\"value\":\"x\"}"#, r#"{\"key\":\"otp\",\"value\":\"[Filtered]\"}"#),
        (
            r#"?a=%7B%22name%22%3A%22password%22%2C%22value%22%3A%22x%22%7D&b"#,
            r#"?a=%7B%22name%22%3A%22password%22%2C%22value%22%3A%22[Filtered]%22%7D&b"#,
        ),
        (
            r#"at {"loc":["body","password"],"input":"x","flag":1}"#,
            r#"at {"loc":["body","password"],"input":"[Filtered]","flag":1}"#,
        ),
        (r#"{"name":"password","value":null}"#, r#"{"name":"password","value":null}"#),
        (r#"at {"name":"bet","value":"x"}"#, r#"at {"name":"bet","value":"x"}"#),
    ] {
        assert_eq!(filtered_text(reported), expected);
        assert_eq!(filtered_text(expected), expected, "what is filtered stays as it is");
    }
}

#[test]
fn prose_and_numbers_stay_as_they_are() {
    for reported in [
        "invalid type: string \"gold\", expected u8 at line 1",
        "the stake `ten` is not a number",
        "",
        "a: b",
        "invalid signature: expected 64 bytes",
        "auth failed: the server said no",
        "E11000 duplicate key error collection: shop.users index: _id_ dup key: { _id: \"a\" }",
        "missing key: user_id, code: 40324, error_code=11000",
        "session::Closed in tokio::task",
        "basic usage of the api",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
        "at 1764105723123, 1764105723123456789 ns, 0.4111111111111111, 4111111111111112",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-25 21:22:11.123456 UTC",
        "DE89 is a prefix, GB82WEST12345698765431 is mistyped",
        "100% of 5%2 and %zz",
        "routing_key=order.created sentry-public_key=abc",
    ] {
        assert_eq!(filtered_text(reported), reported);
    }
}

#[test]
fn a_hidden_value_is_filtered_wherever_it_stands() {
    hide("s3cr+t/of tests");
    assert_eq!(filtered_text("it was s3cr+t/of tests!"), "it was [Filtered]!");
    assert_eq!(filtered_text("/a/s3cr%2Bt%2Fof+tests/b"), "/a/[Filtered]/b");
    assert_eq!(filtered_text("/a/s3cr%252Bt%252Fof%2520tests/b"), "/a/[Filtered]/b");
    hide_password_of("mongodb://u:d%40tabase@host");
    assert_eq!(filtered_text("login with d@tabase failed"), "login with [Filtered] failed");
    hide("abc");
    assert_eq!(filtered_text("abc"), "abc");
}

#[test]
fn what_is_encoded_too_often_to_be_looked_at_is_filtered_whole() {
    assert_eq!(filtered_text(&format!("password%{}3Dx", "25".repeat(20))), FILTERED);
}

/// What costs most to look at: each of these repeated, alone and behind one another.
const COSTLY: [&str; 24] = [
    "a:",
    "token a:",
    "token:",
    "password=\"",
    "a://",
    "a://b:c",
    "@",
    "u:p@",
    "%25",
    "%",
    "%3D",
    "\\",
    "\\\"",
    "(",
    "[{",
    "basic ",
    "basic+",
    "bearer ",
    "eyJ",
    "4111 ",
    "DE89",
    "-----BEGIN ",
    "--token ",
    "<a>",
];

#[test]
fn the_work_on_a_text_is_in_proportion_to_its_length_whatever_is_in_it() {
    let mut costly = Vec::new();
    for one in COSTLY {
        for two in COSTLY {
            let text =
                format!("X-A: token {}", format!("{one}{two}").repeat(16_000 / (one.len() + two.len())));
            for place in [Place::Own, Place::Client] {
                let looked_at = work::of(|| drop(seen(place, &text)));
                assert!(looked_at >= text.len(), "the work is not counted");
                if looked_at > PASSES * text.len() {
                    costly.push(format!("{place:?} {one}{two}: {} times", looked_at / text.len()));
                }
            }
        }
    }
    assert!(costly.is_empty(), "{costly:#?}");
}

/// How often a byte is looked at, on average: several times for each layer of encoding, and for each search.
const PASSES: usize = 40;

#[test]
#[ignore = "prints how long it takes, which is worth something in a release build on an idle machine only"]
fn how_long_a_megabyte_takes() {
    let mut slowest = Vec::new();
    for one in COSTLY {
        for two in COSTLY {
            let unit = format!("{one}{two}");
            let text = format!("X-A: token {}", unit.repeat((1 << 20) / unit.len()));
            let started = std::time::Instant::now();
            drop(seen(Place::Client, &text));
            slowest.push((started.elapsed(), unit));
        }
    }
    slowest.sort();
    for (time, unit) in slowest.iter().rev().take(20) {
        println!("1 MB of {unit:?} in {:.1} ms", time.as_secs_f64() * 1e3);
    }
}

//! What the examples of Sentry's documentation leave out of the grammar of fingerprint rules.

use sentry_context::fingerprint::Rules;
use sentry_context::sentry::Level;
use sentry_context::sentry::protocol::{ClientSdkInfo, Event, Thread};

use crate::fingerprint_documentation::{error, fingerprint, message};

#[test]
fn a_variable_inside_of_a_text_is_a_part_of_its_own() {
    let event = message("net", Level::Error, "x");
    for rule in [
        "level:* -> logger-{{ logger }}-{{ level }}",
        "level:* -> logger-, {{ logger }}, -, {{ level }}",
        "level:* -> logger- {{  logger}} -{{level }}",
    ] {
        assert_eq!(fingerprint(rule, &event).unwrap(), ["logger-", "net", "-", "error"], "{rule}");
    }
    let quoted = r#"level:* -> "a {{ logger }}", "{{logger}}", a=b"#;
    assert_eq!(fingerprint(quoted, &event).unwrap(), ["a {{ logger }}", "net", "a=b"]);
}

#[test]
fn an_escaped_character_is_itself_and_others_are_patterns() {
    for (pattern, value, fits) in [
        (r"a\*b", "a*b", true),
        (r"a\*b", "axb", false),
        (r#""a \[b\] \{c\} \*""#, "a [b] {c} *", true),
        (r#""a \\[b\\]""#, "a [b]", true),
        (r#""a \"b\" \\\\""#, "a \"b\" \\", true),
        ("a[0-4]", "a3", true),
        ("a[0-4]", "a7", false),
        ("a[!0-4]", "a7", true),
        ("{foo,bar}*", "barley", true),
        ("{foo,bar}*", "foolish", true),
        ("{foo,bar}*", "baz", false),
        ("a?c", "abc", true),
        ("a*", "a\nb/c", true),
        (r#""\xe9\u00e9\n""#, "éé\n", true),
        ("[a", "[a", false),
        ("*", "anything", true),
        ("\"\"", "", false),
    ] {
        let rule = format!("error.type:{pattern} -> a");
        assert_eq!(fingerprint(&rule, &error(value, "")).is_some(), fits, "{rule} {value}");
    }
}

#[test]
fn matchers_of_sdk_family_release_and_threads_look_at_their_part() {
    let sdk = ClientSdkInfo {
        name: "sentry.rust".to_owned(),
        version: "1".to_owned(),
        integrations: Vec::new(),
        packages: Vec::new(),
    };
    let thread = Thread { name: Some("Worker 1".to_owned()), crashed: true, ..Thread::default() };
    let event = Event {
        sdk: Some(std::borrow::Cow::Owned(sdk)),
        release: Some(" shop@1.2/3 ".into()),
        threads: vec![thread].into(),
        ..Event::default()
    };
    for (matchers, fits) in [
        ("sdk:sentry.rust", true),
        ("sdk:sentry.go,sentry.rust", true),
        ("sdk:all", true),
        ("sdk:sentry.*", false),
        ("family:native,other", true),
        ("family:javascript", false),
        ("!family:javascript", true),
        ("release:SHOP@1.2/3", true),
        ("release:shop@*", false),
        ("release:**/3", true),
        ("thread.name:worker*", true),
        ("thread.name:worker* thread.crashed:yes", true),
        ("thread.current:true", false),
        ("category:x", false),
    ] {
        assert_eq!(fingerprint(&format!("{matchers} -> a"), &event).is_some(), fits, "{matchers}");
    }
}

#[test]
fn a_quoted_matcher_is_written_back_quoted() {
    for (rule, written) in [
        (r#"!"path":**/foo/** -> everything"#, "!\"stack.abs_path\":**/foo/** -> everything\n"),
        (r#""tags.a:b":x -> y"#, "\"tags.a:b\":x -> y\n"),
        (r"message:a\*b -> y", "message:\"a\\\\*b\" -> y\n"),
    ] {
        let rules: Rules = rule.parse().unwrap();
        assert_eq!(rules.to_string(), written);
        assert_eq!(written.parse::<Rules>().unwrap(), rules);
    }
}

#[test]
fn what_a_server_refuses_is_refused() {
    for rule in [
        "level:error\t-> a",
        "\tlevel:error -> a",
        "level:error ->\ta",
        "level:error -> a,\tb",
        "level:error\u{a0}-> a",
        "\u{a0}level:error -> a",
        "level:error -> a\u{a0}b",
        "level:error\u{2028}-> a",
        "lével:error -> a",
        "tags.é:error -> a",
        "\"tags.é\":x -> a",
        "\"tags.a b\":x -> a",
        "tags.a:b:x-> a",
        "level :error -> a",
        "level: error -> a",
        "level:error -> a{b",
        "level:error -> {{}}",
        "level:error -> {{ }}",
        "level:error -> {a,b}",
        "level:error -> ,a",
        "level:error -> a, , b",
        "level:error -> foo=\"x\"",
        "[ level:error ] -> a",
        "invalid.message:foo -> bar",
        "level:error",
        "level:error -> {{ dog }}",
        "stack.filename:x -> a",
        "level:error -> {{ release }}",
    ] {
        assert!(rule.parse::<Rules>().is_err(), "{rule:?}");
    }
}

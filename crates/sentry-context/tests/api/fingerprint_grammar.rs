//! What is a rule and what is not.

use proptest::prelude::*;
use sentry_context::fingerprint::Rules;
use sentry_context::sentry::protocol::Event;

fn refusal(text: &str) -> String {
    match text.parse::<Rules>() {
        Ok(rules) => panic!("`{text}` parsed as `{rules}`"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_no_rule_is_reported_with_line_and_column_and_what_is_allowed() {
    for (text, reported) in [
        ("error.type:KeyError", "line 1, column 20: expected `->`"),
        ("level:error ->", "line 1, column 15: expected a fingerprint"),
        ("level:error -> title=\"x\"", "line 1, column 25: expected a fingerprint"),
        ("-> a", "line 1, column 3: expected a matcher"),
        ("# ok\n\nfoo:bar -> a", "line 3, column 1: unknown matcher `foo`; there are error.type, "),
        ("!foo:bar -> a", "line 1, column 2: unknown matcher `foo`"),
        ("tags.:x -> a", "line 1, column 1: unknown matcher `tags.`"),
        ("level -> a", "line 1, column 6: expected `:` and a pattern after `level`"),
        ("level: -> a", "line 1, column 7: expected a pattern"),
        ("app:maybe -> a", "line 1, column 5: app is yes or no, not `maybe`"),
        ("message:\"né -> a", "line 1, column 9: a quote that is not closed"),
        ("message:\"né\" -> \"b", "line 1, column 17: a quote that is not closed"),
        (
            "level:error -> {{ foo }}",
            "line 1, column 16: unknown variable `foo`; there are default, error.type",
        ),
        ("level:error -> {{ app }}", "line 1, column 16: unknown variable `app`"),
        ("level:error -> a, {{ level", "line 1, column 19: `{{` without a name and `}}`"),
        ("level:error -> a{b}", "line 1, column 17: a brace that begins no variable stands in quotes"),
        (
            "level:error\t-> a",
            "line 1, column 12: expected a matcher; only blanks may stand before it, not '\\t'",
        ),
        ("\"tags.é\":x -> a", "line 1, column 1: a quoted matcher has letters"),
        ("level:error -> a,,b", "line 1, column 18: expected a part of the fingerprint"),
        ("level:error -> a # why", "line 1, column 18: a comment has a line of its own"),
        ("level:error -> a title=\"{{ x }}\"", "line 1, column 24: unknown variable `x`"),
        ("level:error -> a foo=\"x\"", "line 1, column 18: unknown attribute `foo`: the only one is title"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(reported), "{text}: {refusal}");
    }
}

#[test]
fn blanks_comments_and_quotes_are_taken_as_sentry_takes_them() {
    let event = Event { transaction: Some("GET /".to_owned()), ..Event::default() };
    for text in [
        "transaction:\"GET /\" -> a, b",
        "  transaction:\"GET /\"   ->   a   b  ",
        "# first\r\n\r\n  transaction:GET* -> a,b,\r\n",
        "!transaction:POST* level:error -> \"a\", b",
    ] {
        let rules: Rules = text.parse().unwrap();
        assert_eq!(rules.fingerprint(&event).unwrap(), ["a", "b"], "{text}");
    }
    let rules: Rules = r#"level:* -> "a, \"b\" \\ #c""#.parse().unwrap();
    assert_eq!(rules.fingerprint(&event).unwrap(), [r#"a, "b" \ #c"#]);
}

/// Text made of what rules are made of: far more of it parses than of any text.
fn rule_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "error.type",
        "message",
        "tags.a",
        "level",
        "app",
        ":",
        "!",
        "->",
        ",",
        " ",
        "\n",
        "#",
        "\"",
        "\\",
        "{{",
        "}}",
        "{{ level }}",
        "{{ default }}",
        "title=",
        "x",
        "yes",
        "*",
        "é",
        "=",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// Whole rules.
fn rule() -> impl Strategy<Value = String> {
    let name = "error\\.type|error\\.value|message|logger|level|transaction|tags\\.[a-z._]{1,8}|function|path|package";
    let pattern =
        r#"[a-zA-Z0-9*?.@/{}\[\]\\,-]{1,8}|"([a-z ,#é*>\t\[\]{}-]|\\[a-z*\["]|\\\\|\\x[0-9a-f]{2}){0,8}""#;
    let quoted = r#""(release|sdk|family|thread\.name|tags\.[a-zA-Z0-9_.:-]{1,8})""#;
    let key = prop_oneof![name.prop_map(|name| name), quoted.prop_map(|name| name)];
    let matcher = (any::<bool>(), key, pattern)
        .prop_map(|(not, name, pattern)| format!("{}{name}:{pattern}", if not { "!" } else { "" }));
    let part = prop_oneof![
        "[a-z][a-z0-9_.-]{0,8}",
        r#""([a-z ,#=é>-]|\\"|\\\\){0,8}""#,
        name.prop_map(|name| format!("{{{{ {name} }}}}")),
        Just("{{default}}".to_owned()),
    ];
    let title = prop::option::of(r#"([a-z ,#é]|\\"|\{\{ level \}\}){0,6}"#);
    (prop::collection::vec(matcher, 1..4), prop::collection::vec(part, 1..4), title).prop_map(
        |(matchers, parts, title)| {
            let title = title.map(|title| format!(" title=\"{title}\"")).unwrap_or_default();
            format!("{} -> {}{title}", matchers.join(" "), parts.join(", "))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_any_text_is_rules_or_an_error_at_a_place_of_it(text in any::<String>()) {
        judge(&text)?;
    }

    #[test]
    fn fuzz_text_that_looks_like_rules_is_too(text in rule_like()) {
        judge(&text)?;
    }

    #[test]
    fn fuzz_rules_that_are_written_and_read_again_are_the_same(rules in prop::collection::vec(rule(), 1..4)) {
        let rules: Rules = rules.join("\n").parse().unwrap();
        let again: Rules = rules.to_string().parse().unwrap();
        prop_assert_eq!(rules, again);
    }
}

fn judge(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Rules>() {
        Ok(rules) => {
            rules.group(&Event::default());
            rules.mismatches(&Event::default());
            let again: Rules =
                rules.to_string().parse().map_err(|error| TestCaseError::fail(format!("{error}")))?;
            prop_assert_eq!(rules, again);
        }
        Err(error) => {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let line = text.split('\n').nth(error.line - 1);
            prop_assert!(line.is_some_and(|line| error.column <= line.chars().count() + 1), "{}", error);
        }
    }
    Ok(())
}

//! The examples of Sentry's
//! [documentation](https://docs.sentry.io/concepts/data-management/event-grouping/fingerprint-rules/), and what of its
//! grammar they leave out: each parses, and means the same here.

use sentry_context::fingerprint::Rules;
use sentry_context::sentry::Level;
use sentry_context::sentry::protocol::{
    ClientSdkInfo, Event, Exception, Frame, LogEntry, Stacktrace, Thread,
};

/// An exception with a frame, in an event with all that the examples speak of.
fn event(ty: &str, value: &str, frame: Frame) -> Event<'static> {
    let exception = Exception {
        ty: ty.to_owned(),
        value: Some(value.to_owned()),
        stacktrace: Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() }),
        ..Exception::default()
    };
    let tags = [("server_name".to_owned(), "canary-7.mycompany.internal".to_owned())].into();
    let transaction = Some("GET /a".to_owned());
    let platform = "native".into();
    Event { platform, transaction, tags, exception: vec![exception].into(), ..Event::default() }
}

fn error(ty: &str, value: &str) -> Event<'static> {
    event(ty, value, Frame { in_app: Some(true), ..Frame::default() })
}

fn in_frame(change: impl FnOnce(&mut Frame)) -> Event<'static> {
    let mut frame = Frame {
        function: Some("other".to_owned()),
        module: Some("bot".to_owned()),
        filename: Some("app/a.js".to_owned()),
        in_app: Some(true),
        ..Frame::default()
    };
    change(&mut frame);
    event("ScriptError", "it broke", frame)
}

fn function(name: &str) -> Event<'static> {
    in_frame(|frame| frame.function = Some(name.to_owned()))
}

fn message(logger: &str, level: Level, text: &str) -> Event<'static> {
    let logentry = Some(LogEntry { message: text.to_owned(), params: Vec::new() });
    let tags = [("server_name".to_owned(), "web-1".to_owned())].into();
    Event { logger: Some(logger.to_owned()), level, logentry, tags, ..Event::default() }
}

fn fingerprint(rule: &str, event: &Event<'static>) -> Option<Vec<String>> {
    let rules: Rules = rule.parse().unwrap_or_else(|error| panic!("{rule}: {error}"));
    let written = rules.to_string();
    assert_eq!(written.parse::<Rules>().unwrap(), rules, "{rule} is written as {written}");
    rules.fingerprint(event)
}

#[test]
fn every_example_parses_and_means_the_same() {
    let set = |change: fn(&mut Frame)| in_frame(change);
    let examples: [(&str, Event<'static>, &[&str]); 29] = [
        ("error.type:DatabaseUnavailable -> system-down", error("DatabaseUnavailable", ""), &["system-down"]),
        ("error.type:ConnectionError -> system-down", error("ConnectionError", ""), &["system-down"]),
        (
            r#"error.value:"connection error: *" -> connection-error, {{ transaction }}"#,
            error("X", "Connection Error: 7"),
            &["connection-error", "GET /a"],
        ),
        ("error.type:ZeroDivisionError -> zero-division", error("ZeroDivisionError", ""), &["zero-division"]),
        (
            r#"error.value:"connection error (code: *)" -> connection-error"#,
            error("X", "connection error (code: 7)"),
            &["connection-error"],
        ),
        (
            r#"error.value:"could not connect (*)" -> connection-error"#,
            error("X", " could not connect (why) "),
            &["connection-error"],
        ),
        (
            r#"message:"system encountered a fatal problem: *" -> fatal-log"#,
            message("x", Level::Error, "System encountered a fatal problem: no"),
            &["fatal-log"],
        ),
        (
            r#"logger:"com.myapp.mypackage.*" -> mypackage-logger"#,
            message("com.myapp.mypackage.a/b", Level::Info, "x"),
            &["mypackage-logger"],
        ),
        (
            r#"logger:"com.myapp.FooLogger" level:"error" -> mylogger-error"#,
            message("com.myapp.FooLogger", Level::Error, "x"),
            &["mylogger-error"],
        ),
        (
            r#"tags.server_name:"canary-*.mycompany.internal" -> canary-events"#,
            error("X", ""),
            &["canary-events"],
        ),
        (
            r#"stack.abs_path:"**/my-utils/*.js" -> my-utils, {{ error.type }}"#,
            set(|frame| frame.abs_path = Some(r"C:\src\My-Utils\a.js".to_owned())),
            &["my-utils", "ScriptError"],
        ),
        (
            r#"stack.module:"*/my-utils/*" -> my-utils, {{ error.type }}"#,
            set(|frame| frame.module = Some("a/b/my-utils/c/d".to_owned())),
            &["my-utils", "ScriptError"],
        ),
        (
            r#"stack.function:"my_assertion_failed" -> my-assertion-failed"#,
            function("my_assertion_failed"),
            &["my-assertion-failed"],
        ),
        (
            r#"stack.package:"**/libcurl.dylib" -> libcurl"#,
            set(|frame| frame.package = Some("/usr/lib/libcurl.dylib".to_owned())),
            &["libcurl"],
        ),
        (
            r#"stack.package:"**/libcurl.so" -> libcurl"#,
            set(|frame| frame.package = Some("libcurl.so".to_owned())),
            &["libcurl"],
        ),
        (
            r#"family:native !stack.module:"myproject::*" -> not-from-my-project"#,
            error("X", ""),
            &["not-from-my-project"],
        ),
        (r#"app:yes stack.function:"assert" -> assert"#, function("assert"), &["assert"]),
        (
            r#"error.type:ConnectionError stack.function:"connect" stack.module:"bot" -> bot-error"#,
            event(
                "ConnectionError",
                "",
                Frame {
                    function: Some("connect".to_owned()),
                    module: Some("bot".to_owned()),
                    ..Frame::default()
                },
            ),
            &["bot-error"],
        ),
        (
            r#"stack.function:"query_database" -> {{ default }}, {{ transaction }}"#,
            function("query_database"),
            &["{{ default }}", "GET /a"],
        ),
        (
            r#"error.type:"ApiError" -> api-error, {{ transaction }}"#,
            error("ApiError", ""),
            &["api-error", "GET /a"],
        ),
        (
            r#"stack.function:"evaluate_script" -> script-evaluation, {{ error.type }}"#,
            function("evaluate_script"),
            &["script-evaluation", "ScriptError"],
        ),
        (
            r#"error.type:"ScriptError" -> script-evaluation, {{ error.value }}"#,
            function("f"),
            &["script-evaluation", "it broke"],
        ),
        (
            r#"error.type:"ScriptError" -> script-evaluation, {{ stack.function }}, {{ function }}"#,
            function("f"),
            &["script-evaluation", "f", "f"],
        ),
        (
            r#"error.type:"ScriptError" -> {{ stack.abs_path }}, {{ path }}, {{ stack.filename }}"#,
            set(|frame| frame.abs_path = Some("/srv/app/a.js".to_owned())),
            &["/srv/app/a.js", "/srv/app/a.js", "app/a.js"],
        ),
        (r#"error.type:"ScriptError" -> {{ stack.module }}, {{ module }}"#, function("f"), &["bot", "bot"]),
        (
            r#"stack.function:"assert" -> assertion, {{ stack.package }}, {{ package }}"#,
            in_frame(|frame| {
                frame.function = Some("assert".to_owned());
                frame.package = Some("/usr/lib/libc.so.6".to_owned());
            }),
            &["assertion", "libc.so.6", "libc.so.6"],
        ),
        (
            r#"message:"connection error*" -> connection-error, {{ logger }}, {{ level }}, {{ tags.server_name }}"#,
            message("net", Level::Warning, "Connection error 7"),
            &["connection-error", "net", "warning", "web-1"],
        ),
        (
            r#"logger:"com.foo.auditlogger.*" -> audit-log, {{ message }}"#,
            message("com.foo.auditlogger.a", Level::Info, "who did what"),
            &["audit-log", "who did what"],
        ),
        (
            r#"logger:my.package.* level:error -> error-logger, {{ logger }} title="Error from Logger {{ logger }}""#,
            message("my.package.a", Level::Error, "x"),
            &["error-logger", "my.package.a"],
        ),
    ];
    for (rule, event, expected) in examples {
        assert_eq!(
            fingerprint(rule, &event).as_deref(),
            Some(&expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..]),
            "{rule}"
        );
        assert_eq!(
            fingerprint(rule, &error("Unrelated", "nothing")).is_some(),
            rule.contains("native") || rule.starts_with("tags"),
            "{rule}"
        );
    }
    let rules: Rules = r#"level:error -> a title="Error from Logger {{ logger }}""#.parse().unwrap();
    let title = rules.group(&message("l", Level::Error, "x")).unwrap().title;
    assert_eq!(title.as_deref(), Some("Error from Logger l"));
}

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

//! The examples of Sentry's
//! [documentation](https://docs.sentry.io/concepts/data-management/event-grouping/fingerprint-rules/): each parses,
//! and means the same here.

use sentry_context::fingerprint::Rules;
use sentry_context::sentry::Level;
use sentry_context::sentry::protocol::{Event, Exception, Frame, LogEntry, Stacktrace};

/// An exception with a frame, in an event with all that the examples refer to.
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

pub(crate) fn error(ty: &str, value: &str) -> Event<'static> {
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

pub(crate) fn message(logger: &str, level: Level, text: &str) -> Event<'static> {
    let logentry = Some(LogEntry { message: text.to_owned(), params: Vec::new() });
    let tags = [("server_name".to_owned(), "web-1".to_owned())].into();
    Event { logger: Some(logger.to_owned()), level, logentry, tags, ..Event::default() }
}

pub(crate) fn fingerprint(rule: &str, event: &Event<'static>) -> Option<Vec<String>> {
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

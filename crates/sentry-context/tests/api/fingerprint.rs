//! What rules make of events.

use sentry_context::fingerprint::Rules;
use sentry_context::sentry::Level;
use sentry_context::sentry::protocol::{Event, Exception, Frame, LogEntry, Stacktrace};

fn exception(ty: &str, value: &str) -> Exception {
    Exception { ty: ty.to_owned(), value: Some(value.to_owned()), ..Exception::default() }
}

fn frame(function: &str, module: &str, in_app: bool) -> Frame {
    Frame {
        function: Some(function.to_owned()),
        module: Some(module.to_owned()),
        in_app: Some(in_app),
        ..Frame::default()
    }
}

/// An error with a cause, a stack, tags and whatever else rules can look at.
fn error() -> Event<'static> {
    let frames = vec![frame("shop::buy", "shop", true), frame("driver::send", "driver", false)];
    let outermost = Exception {
        stacktrace: Stacktrace::from_frames_reversed(frames.into_iter().rev().collect()),
        ..exception("OrderError", "order 7 cannot be paid")
    };
    Event {
        level: Level::Fatal,
        logger: Some("shop.orders".to_owned()),
        release: Some("shop@1.2.3".into()),
        transaction: Some("POST /orders".to_owned()),
        tags: [("service".to_owned(), "shop".to_owned())].into_iter().collect(),
        exception: vec![exception("IoError", "connection refused"), outermost].into(),
        ..Event::default()
    }
}

fn message(text: &str) -> Event<'static> {
    let entry = LogEntry { message: text.to_owned(), params: Vec::new() };
    Event { logentry: Some(entry), ..Event::default() }
}

fn matches(matchers: &str, event: &Event<'static>) -> bool {
    let rules: Rules = format!("{matchers} -> matched").parse().unwrap();
    rules.fingerprint(event).is_some()
}

#[test]
fn every_matcher_looks_at_its_part_of_the_event() {
    let event = error();
    for matcher in [
        "error.type:OrderError",
        "error.type:IoError",
        "type:*Error",
        "error.value:\"order ? cannot be paid\"",
        "value:*refused",
        "message:*cannot*",
        "logger:shop.*",
        "level:fatal",
        "release:shop@1.*",
        "transaction:\"POST /orders\"",
        "tags.service:shop",
        "stack.function:driver::*",
        "function:shop::buy",
        "stack.module:shop",
        "module:driver",
        "app:yes",
        "app:FALSE",
    ] {
        assert!(matches(matcher, &event), "{matcher}");
        assert!(!matches(matcher, &message("hello")) || matcher == "level:fatal", "{matcher}");
    }
    for matcher in ["error.type:Order", "release:shop", "tags.service:game", "tags.other:*", "level:error"] {
        assert!(!matches(matcher, &event), "{matcher}");
    }
    assert!(matches("message:hello", &message("hello")));
}

#[test]
fn case_counts_where_it_does_in_sentry() {
    let event = error();
    for matcher in ["message:ORDER*", "value:CONNECTION*", "level:FATAL", "release:SHOP@*"] {
        assert!(matches(matcher, &event), "{matcher}");
    }
    for matcher in ["error.type:ordererror", "logger:SHOP.orders", "tags.service:Shop", "module:Shop"] {
        assert!(!matches(matcher, &event), "{matcher}");
    }
}

#[test]
fn matchers_of_one_kind_must_hold_for_one_and_the_same_thing() {
    let event = error();
    assert!(matches("error.type:IoError error.value:*refused", &event));
    assert!(!matches("error.type:IoError error.value:order*", &event));
    assert!(matches("module:driver app:no", &event));
    assert!(!matches("module:driver app:yes", &event));
    assert!(matches("module:driver error.type:OrderError level:fatal tags.service:shop", &event));
}

#[test]
fn a_negated_matcher_wants_something_that_differs() {
    let event = error();
    assert!(matches("!error.type:KeyError", &event));
    assert!(matches("!error.type:OrderError", &event), "the cause is none");
    assert!(!matches("!error.type:*Error", &event));
    assert!(matches("!tags.absent:*", &event));
    assert!(!matches("!tags.service:shop", &event));
    assert!(!matches("!error.type:KeyError", &message("an event without exceptions has none that differs")));
}

#[test]
fn every_variable_tells_its_part_or_that_there_is_none() {
    let rules: Rules =
        "level:* -> {{ default }}, {{ error.type }}, {{error.value}}, {{ message }}, {{ logger }}, \
        {{ level }}, {{ transaction }}, {{ function }}, {{ stack.module }}, {{ tags.service }}"
            .parse()
            .unwrap();
    let reported = [
        "{{ default }}",
        "OrderError",
        "order 7 cannot be paid",
        "order 7 cannot be paid",
        "shop.orders",
        "fatal",
        "POST /orders",
        "shop::buy",
        "shop",
        "shop",
    ];
    assert_eq!(rules.fingerprint(&error()).unwrap(), reported);
    let missing = [
        "{{ default }}",
        "<no-type>",
        "<no-value>",
        "<no-message>",
        "<no-logger>",
        "error",
        "<no-transaction>",
        "<no-function>",
        "<no-module>",
        "<no-value-for-tag-service>",
    ];
    assert_eq!(rules.fingerprint(&Event::default()).unwrap(), missing);
}

#[test]
fn the_first_rule_that_matches_decides_and_says_why_the_others_did_not() {
    let rules: Rules = "# comment\n\n  error.type:KeyError value:* -> keys\n\
        type:Io* -> io, {{ level }} title=\"{{ error.type }} in {{ tags.service }}!\"\nlevel:* -> rest"
        .parse()
        .unwrap();
    let grouping = rules.group(&error()).unwrap();
    assert_eq!((grouping.line, grouping.fingerprint), (4, vec!["io".to_owned(), "fatal".to_owned()]));
    assert_eq!(grouping.title.as_deref(), Some("OrderError in shop!"));
    let why = rules.mismatches(&error()).remove(0);
    assert_eq!((why.line, why.wanted.as_str()), (3, "error.type:KeyError error.value:*"));
    assert_eq!(why.found, ["IoError connection refused", "OrderError order 7 cannot be paid"]);
}

#[test]
fn an_event_that_no_rule_matches_has_no_fingerprint_of_ours() {
    assert_eq!("type:KeyError -> keys".parse::<Rules>().unwrap().fingerprint(&error()), None);
    assert_eq!("".parse::<Rules>().unwrap().group(&error()), None);
}

use proptest::prelude::*;
use sentry::protocol::{Breadcrumb, Context, Exception, Frame, Request, Stacktrace, User, Value};

use super::*;

fn size(event: &Event<'static>) -> usize {
    serde_json::to_string(event).unwrap().len()
}

#[test]
fn a_text_is_cut_on_a_character_and_says_how_long_it_was() {
    let mut text = "é".repeat(1000);
    cut(&mut text, 300);
    assert!(text.len() <= 300 && text.len() > 290, "{}", text.len());
    assert!(text.starts_with("éé") && text.ends_with("é… (2000 bytes)"), "{text}");
    cut(&mut text, 100);
    assert!(text.len() <= 100 && text.ends_with("… (2000 bytes)"), "{text}");
    let before = text.clone();
    cut(&mut text, 100);
    assert_eq!(text, before, "what is short enough stays");
    cut(&mut text, 3);
    assert!(text.len() <= 3, "{text}");
    let mut filtered = format!("{}[Filtered]{}", "a".repeat(80), "b".repeat(80));
    cut(&mut filtered, 100);
    assert!(!filtered.contains("[F") || filtered.contains("[Filtered]"), "{filtered}");
}

#[test]
fn json_is_cut_in_depth_breadth_and_length() {
    let mut deep = Value::from("x".repeat(20_000));
    for _ in 0..100 {
        deep = serde_json::json!({ "a": deep });
    }
    cut_json(&mut deep, 4096);
    assert_eq!(deep.to_string().matches("\"a\"").count(), DEPTH + 1, "{deep}");
    let mut wide = serde_json::json!((0..100_000).collect::<Vec<_>>());
    cut_json(&mut wide, 4096);
    assert!(wide.to_string().len() < 4096 && wide.to_string().contains("more items"), "{wide}");
    let mut fields: Value =
        (0..100_000).map(|n| (n.to_string(), n.into())).collect::<serde_json::Map<_, _>>().into();
    cut_json(&mut fields, 4096);
    assert!(fields.to_string().len() < 4300 && fields.to_string().contains("more fields"), "{fields}");
    let mut small = serde_json::json!({"a": [1, {"b": null}], "c": "text"});
    let before = small.clone();
    cut_json(&mut small, 4096);
    assert_eq!(small, before, "what is small enough stays");
}

#[test]
fn a_deep_stack_keeps_both_ends() {
    let frames = (0..10_000).map(|n| Frame { function: Some(format!("f{n}")), ..Frame::default() }).collect();
    let stacktrace = Some(Stacktrace { frames, ..Stacktrace::default() });
    let mut it = Event::default();
    it.exception.values.push(Exception { ty: "E".to_owned(), stacktrace, ..Exception::default() });
    event(&mut it);
    let stack = it.exception.values[0].stacktrace.as_ref().unwrap();
    let names: Vec<_> = stack.frames.iter().filter_map(|frame| frame.function.as_deref()).collect();
    assert_eq!(names.len(), FRAMES);
    assert_eq!((names[0], names[FRAMES - 1]), ("f0", "f9999"));
}

/// A text of any length, sometimes of what JSON writes longest.
fn text() -> impl Strategy<Value = String> {
    ("[a-zé\"\\\\\u{1}]{1,8}", prop_oneof![3 => 0_usize..40, 1 => 500_usize..4_000])
        .prop_map(|(part, times)| part.repeat(times))
}

fn texts(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..most)
}

/// Few, since each is large, unless the environment says how many.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(24, |_| ProptestConfig::default().cases)
}

fn huge_event() -> impl Strategy<Value = Event<'static>> {
    let many = prop_oneof![Just(1_usize), Just(110), Just(300)];
    (texts(12), texts(6), texts(6), many, text()).prop_map(|(texts, keys, values, many, long)| {
        let mut event = Event { message: texts.first().cloned(), ..Event::default() };
        event.user = Some(User { id: Some(long.clone()), ..User::default() });
        let facts: crate::Facts =
            keys.iter().cloned().zip(values.iter().map(|text| Value::from(text.as_str()))).collect();
        event.extra = facts.clone();
        event.tags = keys.iter().cloned().zip(values.iter().cloned()).collect();
        let headers = keys.into_iter().zip(values).collect();
        let url = format!("http://h/{long}?{long}").parse().ok();
        event.request = Some(Request { headers, url, data: Some(long.clone()), ..Request::default() });
        for n in 0..many {
            let data = facts.clone();
            let message = texts.get(n % 7).cloned();
            event.breadcrumbs.values.push(Breadcrumb {
                message,
                data: data.clone(),
                ..Breadcrumb::default()
            });
            event.contexts.insert(format!("c{n}"), Context::Other(data));
            let frame = Frame { function: texts.get(n % 5).cloned(), ..Frame::default() };
            let stacktrace = Some(Stacktrace {
                frames: vec![frame; if n < 2 { many } else { 1 }],
                ..Stacktrace::default()
            });
            let value = texts.get(n % 3).cloned();
            event.exception.values.push(Exception {
                ty: long.clone(),
                value,
                stacktrace,
                ..Exception::default()
            });
        }
        event
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_every_event_is_smaller_than_sentry_takes(mut it in huge_event()) {
        new_event(&mut it);
        event(&mut it);
        prop_assert!(size(&it) < 200_000, "{}", size(&it));
    }
}

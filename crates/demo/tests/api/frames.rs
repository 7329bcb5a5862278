//! Stacks as people read them.

use serde_json::Value;

use crate::full_run::full_run;

/// Frames that say nothing when they stand above a failure.
const MACHINERY: [&str; 10] =
    ["sentry", "std::", "core::", "alloc::", "tokio::", "actix", "backtrace::", "futures", "__rust", "rust_"];

fn frames(event: &Value) -> &Vec<Value> {
    let threads = event["threads"]["values"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|thread| thread["current"] == true);
    let exceptions = event["exception"]["values"].as_array().into_iter().flatten().rev();
    let holder = exceptions.chain(threads).find(|holder| holder["stacktrace"]["frames"].is_array());
    holder
        .and_then(|holder| holder["stacktrace"]["frames"].as_array())
        .unwrap_or_else(|| panic!("no stack: {event}"))
}

#[actix_web::test]
async fn the_top_frame_of_every_event_is_the_line_of_domain_code_that_failed() {
    let run = full_run().await;
    for event in run.events.iter().filter(|event| !reported_by_the_watchdog(event)) {
        let scenario = &event["tags"]["scenario"];
        let top = frames(event).last().expect("frames");
        let function = top["function"].as_str().expect("a name");
        let service = event["tags"]["service"].as_str().expect("a service").replace('-', "_");
        assert!(function.starts_with(&format!("{service}::domain::")), "{scenario}: {function}");
        assert_eq!(top["in_app"], true, "{scenario}: {top}");
        assert!(top["lineno"].is_u64() && top["filename"].is_string(), "{scenario}: {top}");
        assert!(
            top["context_line"].as_str().is_some_and(|line| !line.trim().is_empty()),
            "{scenario}: {top}"
        );
        let module = top["module"].as_str().expect("a module");
        assert!(function.starts_with(module) || function.starts_with('<'), "{scenario}: {top}");
    }
}

#[actix_web::test]
async fn only_code_of_the_service_is_its_own() {
    let run = full_run().await;
    for event in &run.events {
        for frame in event["exception"]["values"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(event["threads"]["values"].as_array().into_iter().flatten())
            .flat_map(|holder| holder["stacktrace"]["frames"].as_array().into_iter().flatten())
        {
            assert!(frame["in_app"].is_boolean() || frame.get("function").is_none(), "{frame}");
            assert!(frame["instruction_addr"].is_string(), "{frame}");
            let function = frame["function"].as_str().unwrap_or_default();
            let machinery = MACHINERY.iter().any(|machinery| function.starts_with(machinery));
            assert!(!(machinery && frame["in_app"] == true), "{frame}");
            assert!(!function.contains("::h") || !ends_with_hash(function), "{frame}");
        }
    }
}

#[actix_web::test]
async fn images_are_listed_wherever_there_are_frames() {
    let run = full_run().await;
    for event in &run.events {
        let images = event["debug_meta"]["images"].as_array().expect("images");
        let whole = |image: &&Value| {
            image["code_id"].is_string() && image["id"].is_string() && image["image_addr"].is_string()
        };
        assert!(
            images.iter().any(|image| whole(&image) && image["image_size"].is_u64()),
            "{}",
            event["tags"]
        );
    }
}

/// A stall that is over has no place in the code.
fn reported_by_the_watchdog(event: &Value) -> bool {
    event["level"] == "info" && event["tags"]["scenario"] == "payment.event-loop-block"
}

/// `::h` and sixteen hex digits, as mangled names end.
fn ends_with_hash(function: &str) -> bool {
    let hash = function.rsplit("::h").next().unwrap_or_default();
    hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

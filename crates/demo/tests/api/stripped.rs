//! A binary without symbols still says where it failed: by address and image.

use std::process::Command;

use fixtures::service::Service;
use inbox::Inbox;
use serde_json::Value;

use crate::full_run::client;

#[actix_web::test]
async fn a_stripped_binary_tells_addresses_within_its_images() {
    let stripped = format!("{}/demo-stripped", env!("CARGO_TARGET_TMPDIR"));
    let strip =
        Command::new("strip").args(["--strip-all", "-o", &stripped, env!("CARGO_BIN_EXE_demo")]).status();
    if !strip.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true needs `strip`");
        eprintln!("skipped, for want of `strip`");
        return;
    }
    let inbox = Inbox::start().await.expect("an inbox");
    let dsn = inbox.dsn();
    let process = Service::start_with(&stripped, &["serve", "game-engine"], &[("SENTRY_DSN", &dsn)]);
    for path in ["crash", "error/key", "memory-leak"] {
        client().get(format!("{}/debug/{path}", process.url())).send().await.expect("an answer");
    }
    inbox.wait_until("three events", |inbox| inbox.events().len() == 3).await.expect("three events");
    for event in inbox.events() {
        let holder =
            ["exception", "threads"].into_iter().find_map(|name| event[name]["values"].as_array()?.last());
        let frames = holder.and_then(|holder| holder["stacktrace"]["frames"].as_array()).expect("frames");
        let images = event["debug_meta"]["images"].as_array().expect("images");
        let own =
            images.iter().find(|image| image["name"] == stripped.as_str()).expect("the binary's own image");
        assert!(own["code_id"].is_string() && own["id"].is_string(), "{own}");
        let (start, size) = (number(&own["image_addr"]), own["image_size"].as_u64().expect("a size"));
        let within = |frame: &&Value| (start..start + size).contains(&number(&frame["instruction_addr"]));
        assert!(frames.iter().filter(within).count() > 10, "{frames:?}");
        let nameless = |frame: &&Value| within(frame) && frame.get("function").is_none();
        assert!(frames.iter().any(|frame| nameless(&frame)), "it was to be stripped");
    }
}

fn number(address: &Value) -> u64 {
    let hex = address.as_str().and_then(|address| address.strip_prefix("0x")).expect("an address");
    u64::from_str_radix(hex, 16).expect("hex")
}

//! A binary without symbols still says where it failed: by address and image.

use std::fs;
use std::path::Path;
use std::process::Command;

use demo::generated::root;
use fixtures::service::Service;
use fixtures::{needed, sentry_cli};
use inbox::Inbox;
use inbox::answers::DebugFiles;
use serde_json::Value;

use crate::full_run::client;

#[actix_web::test]
async fn events_have_lines_where_the_debug_information_is_compressed_as_in_an_image() {
    let compressed = format!("{}/demo-compressed", env!("CARGO_TARGET_TMPDIR"));
    let binary = env!("CARGO_BIN_EXE_demo");
    let objcopy =
        Command::new("objcopy").args(["--compress-debug-sections=zlib", binary, &compressed]).status();
    if !objcopy.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true needs `objcopy`");
        eprintln!("skipped, for want of `objcopy`");
        return;
    }
    let inbox = Inbox::start().await.expect("an inbox");
    let dsn = inbox.dsn();
    let process = Service::start_with(&compressed, &["serve", "game-engine"], &[("SENTRY_DSN", &dsn)]);
    client().get(format!("{}/debug/crash", process.url())).send().await.expect("an answer");
    inbox.wait_until("an event", |inbox| inbox.events().len() == 1).await.expect("an event");
    let events = inbox.events();
    let frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"].as_array().expect("frames");
    let own: Vec<_> = frames.iter().filter(|frame| frame["in_app"] == true).collect();
    assert!(!own.is_empty() && own.iter().all(|frame| frame["lineno"].is_u64()), "{own:#?}");
}

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

/// The values of a line of `debug-files check`, such as `Debug ID`.
fn checked<'a>(output: &'a str, name: &str) -> Vec<&'a str> {
    output.lines().filter_map(|line| Some(line.split_once(name)?.1.trim_start_matches(':').trim())).collect()
}

/// `deploy/debug-files` makes the binary without symbols, and uploads what Sentry needs to show its lines all the same.
#[actix_web::test]
async fn debug_files_are_found_by_the_id_that_events_name_and_bring_the_sources() {
    let Some(cli) = needed(sentry_cli::binary()) else { return };
    let inbox = Inbox::start().await.expect("an inbox");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("debug-files-{}", std::process::id()));
    let mut script = tokio::process::Command::new(root().join("deploy/debug-files"));
    script
        .arg(env!("CARGO_BIN_EXE_demo"))
        .arg(&folder)
        .envs([("SENTRY_AUTH_TOKEN", "any"), ("SENTRY_ORG", "demo"), ("SENTRY_PROJECT", "game-engine")])
        .env("SENTRY_CLI", cli)
        .env("SENTRY_URL", inbox.url())
        .env_remove("SENTRY_DSN");
    let output = script.output().await.expect("the script");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    let (ids, usable) = (checked(&said, "Debug ID"), checked(&said, "Usable"));
    assert!(ids.len() == 2 && ids[0] == ids[1] && usable == ["yes", "yes"], "{said}");
    assert!(said.contains("symtab, debug"), "{said}");
    // The names of files are in the clear at the end of the archive.
    let sources = fs::read(folder.join("demo.src.zip")).expect("the sources");
    let name = b"game-engine/src/domain/paytable.rs";
    assert!(sources.windows(name.len()).any(|it| it == name), "its sources are not there");
    let uploaded = client().get(format!("{}/api/debug-files", inbox.url())).send().await.expect("an answer");
    let uploaded: DebugFiles = uploaded.json().await.expect("the debug files");
    for name in ["demo.debug", "demo.src.zip"] {
        let file = uploaded.debug_files.iter().find(|it| it.name == name);
        let file = file.unwrap_or_else(|| panic!("{name} is not uploaded: {uploaded:?}"));
        assert_eq!(
            (file.debug_id.as_deref(), file.project.as_str()),
            (Some(ids[0]), "game-engine"),
            "{name}"
        );
        assert_eq!(file.bytes, fs::metadata(folder.join(name)).expect("the file").len(), "{name}");
    }

    let stripped = folder.join("demo").display().to_string();
    let process = Service::start_with(&stripped, &["serve", "game-engine"], &[("SENTRY_DSN", &inbox.dsn())]);
    client().get(format!("{}/debug/error/key", process.url())).send().await.expect("an answer");
    inbox.wait_until("an event", |inbox| !inbox.events().is_empty()).await.expect("an event");
    let event = inbox.events().remove(0);
    let mut images = event["debug_meta"]["images"].as_array().expect("images").iter();
    let own = images.find(|image| image["name"] == stripped.as_str()).expect("the binary's own image");
    assert_eq!(own["id"], ids[0]);
    drop(process);
    fs::remove_dir_all(folder).expect("the folder goes");
}

fn number(address: &Value) -> u64 {
    let hex = address.as_str().and_then(|address| address.strip_prefix("0x")).expect("an address");
    u64::from_str_radix(hex, 16).expect("hex")
}

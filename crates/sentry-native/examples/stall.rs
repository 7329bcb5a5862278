//! A worker that waits without an `await`, and the event that the watchdog sends about it.
//!
//! ```sh
//! cargo run -p sentry-native --example stall
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::thread;
use std::time::Duration;

use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_native::Native;
use sentry_native::stall::{self, Watchdog};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["stall"],
    panic_type: "Panic",
    fingerprint_rules: "error.type:EventLoopBlocked -> blocked, {{ function }}",
    platform: &Native,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Some(reason) = stall::UNAVAILABLE {
        println!("{reason}");
        return Ok(());
    }
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    let hub = client::hub(&config);
    let watchdog = Watchdog::start(Duration::from_millis(200), hub);

    let worker = thread::Builder::new().name("worker".to_owned()).spawn(move || {
        actix_web::rt::System::new().block_on(async {
            watchdog.watch_this_worker();
            tokio::task::yield_now().await;
            compare_all_pairs();
            // The worker runs again: the second event says for how long it did not.
            tokio::time::sleep(Duration::from_millis(500)).await;
        });
    })?;

    inbox.wait_until("both events", |inbox| inbox.events().len() == 2).await?;
    for event in inbox.events() {
        let exception = &event["exception"]["values"][0];
        println!("{} {}: {}", event["level"], exception["type"], event["contexts"]["event_loop"]);
        let blocked = exception["stacktrace"]["frames"]
            .as_array()
            .and_then(|frames| frames.iter().rev().find(|frame| frame["in_app"] == true));
        if let Some(frame) = blocked {
            println!("blocked in {} ({}:{})", frame["function"], frame["filename"], frame["lineno"]);
        }
    }
    worker.join().map_err(|_| "the worker panicked")?;
    Ok(())
}

/// Blocks its worker.
#[inline(never)]
fn compare_all_pairs() {
    thread::sleep(Duration::from_secs(1));
    std::hint::black_box(());
}

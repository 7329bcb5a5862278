//! A program that is profiled for two seconds, and its hottest functions, as its Sentry got them.
//!
//! ```sh
//! cargo run -p sentry-native --example profile
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::profile;
use sentry_context::client::{self, Config, Service};
use sentry_context::profile::{FREQUENCY, Lifecycle, Profiling};
use sentry_native::Native;

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["profile"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Native,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let inbox = profile::inbox().await;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    // Off by default, as in every SDK.
    config.profiling = Profiling { session_sample_rate: 1.0, lifecycle: Lifecycle::Manual };
    // This thread serves the inbox.
    tokio::task::spawn_blocking(move || is_profiled(config)).await?;

    let mut samples = BTreeMap::<String, u32>::new();
    for chunk in profile::chunks(&inbox) {
        for sample in chunk.samples() {
            let functions = chunk.functions(sample);
            if let Some(innermost) = functions.iter().find(|name| name.starts_with("profile::")) {
                *samples.entry((*innermost).to_owned()).or_default() += 1;
            }
        }
    }
    let mut hottest: Vec<_> = samples.into_iter().collect();
    hottest.sort_by_key(|(_, samples)| std::cmp::Reverse(*samples));
    for (function, samples) in hottest.iter().take(5) {
        println!("{:5.2} s  {function}", f64::from(*samples) / f64::from(FREQUENCY));
    }
    if hottest.is_empty() {
        println!(
            "no profile: this platform has no profiler, or the machine was too busy to finish the chunk"
        );
    }
    Ok(())
}

fn is_profiled(config: Config) {
    let sentry = client::init(config);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        compare_all_pairs(3);
        wait_for_the_bank(1);
    }
    // The last chunk, the only one here, has a fifth of it: a debug build takes long to find names.
    sentry.finish_within(Duration::from_secs(30));
}

/// Computes.
#[inline(never)]
fn compare_all_pairs(parts: u32) {
    let end = Instant::now() + Duration::from_millis(50) * parts;
    while Instant::now() < end {
        black_box(());
    }
}

/// Waits, which is in a profile of wall-clock time all the same.
#[inline(never)]
fn wait_for_the_bank(parts: u32) {
    thread::sleep(Duration::from_millis(50) * parts);
    black_box(());
}

//! Do browsers on the page slow the services down? Asks each service at a steady rate, without and with browsers that ask
//! what the tab Scenarios asks, in turns, and prints what half and 99 % of the answers did not exceed.
//!
//! ```sh
//! cargo run --release &
//! cargo bench -p demo --bench browsers -- --browsers 30 --seconds 20
//! ```

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use demo::running::{RunningDemo, RunningError};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often a page asks for the figures of the charts, and for the counters above every view.
const CHARTS: Duration = Duration::from_secs(2);
const COUNTERS: Duration = Duration::from_secs(1);

/// How long an answer may take; a page waits 10 s for a change.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What each service is asked.
const PROBES: [(&str, &str); 3] =
    [("game-engine", "/calculate"), ("payment", "/process"), ("analytics", "/health")];

#[derive(Parser)]
struct Options {
    /// The page of the demo that runs.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9000")]
    page: Url,
    /// How many browsers.
    #[arg(long, default_value_t = 30)]
    browsers: usize,
    /// How long each turn is.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many turns without, and as many with browsers.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// How often each service is asked, a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// `cargo bench` passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, thiserror::Error)]
enum BrowsersError {
    #[error(transparent)]
    Running(#[from] RunningError),
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("rate, seconds, turns and browsers must be at least 1")]
    Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => demo::terminal::refuse(&error.to_string()),
    }
}

/// Answer times of a service in milliseconds, without and with browsers.
#[derive(Default)]
struct Times([Vec<f64>; 2]);

async fn measure(options: &Options) -> Result<(), BrowsersError> {
    let Options { browsers, seconds, turns, rate, .. } = *options;
    if browsers == 0 || seconds == 0 || turns == 0 || rate == 0 {
        return Err(BrowsersError::Options);
    }
    let demo = RunningDemo::at(&options.page)?;
    let state: Value = demo.get("/api/stage/state").await?;
    let http = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let mut times: Vec<Times> = PROBES.iter().map(|_| Times::default()).collect();
    for turn in 0..2 * turns {
        let with = turn % 2;
        let mut looking = JoinSet::new();
        for _ in 0..with * browsers {
            looking.spawn(browse(http.clone(), options.page.clone()));
        }
        let mut asked = JoinSet::new();
        for (at, (service, path)) in PROBES.iter().enumerate() {
            let url = state["services"].as_array().into_iter().flatten().find(|it| it["name"] == *service);
            if let Some(url) = url.and_then(|it| it["url"].as_str()) {
                let (http, url) = (http.clone(), format!("{url}{path}"));
                asked.spawn(async move { (at, ask(http, url, rate, seconds).await) });
            }
        }
        for (at, mut taken) in asked.join_all().await {
            times[at].0[with].append(&mut taken);
        }
        looking.shutdown().await;
    }
    demo::terminal::say(&format!(
        "| service | answers | p50, p99 without | p50, p99 with {browsers} browsers |"
    ));
    for ((service, path), Times([without, with])) in PROBES.iter().zip(times) {
        let answers = without.len() + with.len();
        let (without, with) = (quantiles(without), quantiles(with));
        demo::terminal::say(&format!("| {service}{path} | {answers} | {without} | {with} |"));
    }
    Ok(())
}

/// How long each answer took, milliseconds; one that fails counts as long as it may take.
async fn ask(http: Client, url: String, rate: u32, seconds: u64) -> Vec<f64> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::new();
    while Instant::now() < end {
        ticks.tick().await;
        let body = json!({ "userId": "browsers", "bet": 1, "payout": 0 });
        let request = if url.ends_with("/health") { http.get(&url) } else { http.post(&url).json(&body) };
        let begun = Instant::now();
        let answered = async { request.send().await?.bytes().await }.await;
        let taken = answered.map_or(TIMEOUT, |_| begun.elapsed());
        times.push(taken.as_secs_f64() * 1e3);
    }
    times
}

/// Asks what a page asks on which the tab Scenarios is open.
async fn browse(http: Client, page: Url) {
    let get = async |path: String| -> Value {
        let Ok(url) = page.join(&path) else { return Value::Null };
        match http.get(url).send().await {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        }
    };
    let states = async {
        let mut version = 0;
        loop {
            let state = get(format!("/api/stage/state?after={version}")).await;
            match state["version"].as_u64() {
                Some(now) => version = now,
                None => sleep(COUNTERS).await,
            }
        }
    };
    let charts = async {
        let mut after = 0.0;
        loop {
            let health = get(format!("/api/stage/health?after={after}")).await;
            let points = health["points"].as_object().into_iter().flatten();
            let points = points.flat_map(|(_, points)| points.as_array().into_iter().flatten());
            after = points.filter_map(|point| point["at"].as_f64()).fold(after, f64::max);
            sleep(CHARTS).await;
        }
    };
    let counters = async {
        loop {
            get("/api/stats".to_owned()).await;
            sleep(COUNTERS).await;
        }
    };
    get("/".to_owned()).await;
    get("/api/stage/services".to_owned()).await;
    let ((), (), ()) = tokio::join!(states, charts, counters);
}

fn quantiles(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get((times.len() * share).div_ceil(100).saturating_sub(1));
    match (at(50), at(99)) {
        (Some(half), Some(most)) => format!("{half:.1} ms, {most:.1} ms"),
        _ => "no answers".to_owned(),
    }
}

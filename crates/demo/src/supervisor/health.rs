//! Whether a child answers.

use std::time::{Duration, Instant};

use healthcheck::UNSAMPLED;
use reqwest::{Client, StatusCode};
use tokio::time::sleep;

/// How often a starting child is asked whether it is healthy.
const STARTING: Duration = Duration::from_millis(25);

/// How often one that serves is asked.
const SERVING: Duration = Duration::from_secs(5);

/// How long the answer to the last question may take.
const LAST: Duration = Duration::from_secs(5);

/// Returns when the service answers; the child's termination ends the wait elsewhere.
pub(super) async fn begins(http: &Client, url: &str) {
    while !answers(http, url, SERVING).await {
        sleep(STARTING).await;
    }
}

/// Returns when the service has not answered for that long, and how long that is.
pub(super) async fn ends(http: &Client, url: &str, patience: Duration) -> Duration {
    let mut answered = Instant::now();
    loop {
        sleep(SERVING.min(patience)).await;
        // Asked once more at the end: it may be this process that was suspended.
        if answers(http, url, patience).await
            || (answered.elapsed() >= patience && answers(http, url, LAST).await)
        {
            answered = Instant::now();
        } else if answered.elapsed() >= patience {
            return answered.elapsed();
        }
    }
}

async fn answers(http: &Client, url: &str, patience: Duration) -> bool {
    let health = http.get(format!("{url}/health")).header("sentry-trace", UNSAMPLED).timeout(patience);
    health.send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

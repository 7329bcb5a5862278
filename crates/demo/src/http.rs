//! The one HTTP client.

use std::sync::OnceLock;
use std::time::Duration;

/// Longest wait for an answer: the longest scenario takes 30 s.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A client that keeps no connection open and uses no proxy.
///
/// A kept connection would count among the open files of the service whose recovery is checked.
pub fn client() -> reqwest::Result<reqwest::Client> {
    // To make one reads all certificates of the machine.
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // Fails only where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
        .user_agent(concat!("demo-check/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// Longest answer that is read: twice what an inbox answers at most.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// The body of an answer, or why it cannot be read.
pub async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(format!("the answer is longer than {MAX_ANSWER} bytes"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// An HTTP error as one line: the outermost sentence hides the reason in its sources.
pub fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() { format!("no answer in time ({cause})") } else { cause.to_string() }
}

//! `tracing` to the terminal.

use tracing_subscriber::EnvFilter;

/// Logs to standard error at the level of `RUST_LOG`, or `info`. Later calls do nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A subscriber may be there already, in tests; then it stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

//! `tracing` to the terminal.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs to standard error at the level of `RUST_LOG`, or `info`. Later calls do nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for eyes: a container's log would show their codes.
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A subscriber may be there already, in tests; then it stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .try_init();
}

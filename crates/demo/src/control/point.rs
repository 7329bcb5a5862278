//! The figures of a service at one moment, for the charts of the page.

use serde::Serialize;

/// The figures of a service at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// When, seconds since 1970.
    pub at: f64,
    /// Requests a second since the point before.
    pub requests_per_s: f64,
    /// Errors a second since the point before.
    pub errors_per_s: f64,
    /// What 95 % of the requests of the last 10 s did not exceed; `None` without requests.
    pub p95_ms: Option<f64>,
    /// Resident memory, MB.
    pub memory_mb: Option<f64>,
    /// CPU time, percent of one core.
    pub cpu_percent: Option<f64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open file descriptors.
    pub open_files: Option<u64>,
}

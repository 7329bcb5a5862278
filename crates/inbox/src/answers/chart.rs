//! Answers for charts: numbers in equal parts of time.

use serde::{Deserialize, Serialize};

/// `GET /api/charts`: the services and releases over time, of what is held.
#[derive(Debug, Serialize, Deserialize)]
pub struct Charts {
    /// Where the first part begins, seconds since 1970.
    pub from: f64,
    /// The length of a part, seconds.
    pub step: f64,
    /// By service, or by project where events name none.
    pub services: Vec<ServiceChart>,
    /// By release.
    pub releases: Vec<ReleaseChart>,
}

/// A service; each list has one entry for each part of time.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServiceChart {
    /// Its name.
    pub service: String,
    /// Transactions that arrived.
    pub requests: Vec<u64>,
    /// Transactions that failed.
    pub failed: Vec<u64>,
    /// Events that arrived.
    pub errors: Vec<u64>,
    /// How long nineteen of twenty transactions took at most.
    pub p95_ms: Vec<Option<f64>>,
    /// The largest memory that its events and profiles report.
    pub memory_mb: Vec<Option<f64>>,
    /// The highest CPU use that they report, of one core.
    pub cpu_percent: Vec<Option<f64>>,
}

/// A release; each list has one entry for each part of time.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseChart {
    /// `NAME@VERSION`.
    pub release: String,
    /// Sessions that began.
    pub sessions: Vec<u64>,
    /// Sessions that crashed.
    pub crashed: Vec<u64>,
    /// The share of sessions without a crash.
    pub crash_free: Vec<Option<f64>>,
}

/// `GET /api/metrics/names`, by name.
#[derive(Debug, Serialize, Deserialize)]
pub struct MetricNames {
    /// All that are held, 500 at most.
    pub metrics: Vec<NamedMetric>,
}

/// A metric.
#[derive(Debug, Serialize, Deserialize)]
pub struct NamedMetric {
    /// Its name.
    pub name: String,
    /// `counter`, `gauge` or `distribution`.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
    /// How many values are held.
    pub count: u64,
    /// The names of its attributes, 50 at most.
    pub attributes: Vec<String>,
}

/// `GET /api/metrics/series?name=…&by=…`: a metric over time.
#[derive(Debug, Serialize, Deserialize)]
pub struct MetricSeries {
    /// Its name.
    pub name: String,
    /// The attribute by whose values it is split.
    pub by: Option<String>,
    /// Where the first part begins, seconds since 1970.
    pub from: f64,
    /// The length of a part, seconds.
    pub step: f64,
    /// One for each value of the attribute, the one with most values first, 20 at most.
    pub series: Vec<MetricSeriesOf>,
    /// How many further ones there are.
    pub omitted: usize,
}

/// The metric where its attribute has one value.
#[derive(Debug, Serialize, Deserialize)]
pub struct MetricSeriesOf {
    /// The value of the attribute; none where the metric lacks it, or is not split.
    pub value: Option<String>,
    /// How many values it has.
    pub count: u64,
    /// One for each part of time; none where nothing was measured.
    pub points: Vec<Option<MetricPoint>>,
}

/// What was measured in a part of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The latest.
    pub last: f64,
}

//! Answers about profiles.

use serde::{Deserialize, Serialize};

/// `GET /api/profilers`, the most recently updated first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Profilers {
    /// All that are held.
    pub profilers: Vec<Profiler>,
}

/// A run of a process that sends profile chunks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Profiler {
    /// Its id, 32 hex digits.
    pub profiler_id: String,
    /// The project in the DSN.
    pub project: String,
    /// The name in the release.
    pub service: Option<String>,
    /// Such as `shop@1.0.0`.
    pub release: Option<String>,
    /// Such as `production`.
    pub environment: Option<String>,
    /// Such as `rust`.
    pub platform: Option<String>,
    /// The first sample that is held, seconds since 1970.
    pub from: f64,
    /// The last one.
    pub to: f64,
    /// How many chunks are held.
    pub chunks: usize,
    /// How many samples they have.
    pub samples: usize,
    /// The one that ran longest first.
    pub threads: Vec<ProfiledThread>,
}

/// A thread and how long it ran.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProfiledThread {
    /// As the profiler calls it; the system's number where it is ours.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// How long it was not idle.
    pub busy_ms: f64,
}

/// `GET /api/profile`: a flame graph of some of a profiler's samples.
#[derive(Debug, Serialize, Deserialize)]
pub struct Profile {
    /// Whose they are.
    pub profiler: Profiler,
    /// The range that was asked for, seconds since 1970.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// The thread that was asked for; all of them where there is none.
    pub thread: Option<String>,
    /// Whether the samples are those of a request's spans, and no neighbour's.
    pub by_span: bool,
    /// What ran in the range, whatever thread was asked for.
    pub threads: Vec<ProfiledThread>,
    /// How many samples, without those of idle threads.
    pub samples: u64,
    /// How long threads ran, added up.
    pub busy_ms: f64,
    /// How long they were idle.
    pub idle_ms: f64,
    /// What nodes refer to.
    pub functions: Vec<ProfileFunction>,
    /// The flame graph. Each node comes after its parent.
    pub nodes: Vec<ProfileNode>,
    /// How many nodes ran too shortly to be among them.
    pub omitted: usize,
    /// What the profiler holds over time, whatever range was asked for.
    pub timeline: ProfileTimeline,
}

/// A function, wherever it was called from.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProfileFunction {
    /// Its name.
    pub function: String,
    /// Its module, crate or package.
    pub module: Option<String>,
    /// Its source file.
    pub file: Option<String>,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// How long it ran itself.
    pub self_ms: f64,
    /// How long it and what it called ran.
    pub total_ms: f64,
}

/// A function where it was called from one place.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProfileNode {
    /// The caller's place in the list; a root has none.
    pub parent: Option<usize>,
    /// Its place in the list of functions.
    pub function: usize,
    /// How long it ran itself.
    pub self_ms: f64,
    /// How long it and what it called ran.
    pub total_ms: f64,
}

/// Equal parts of the time of which a profiler holds samples.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProfileTimeline {
    /// Where the first part begins, seconds since 1970.
    pub from: f64,
    /// Where the last one ends.
    pub to: f64,
    /// How long threads ran in each part, added up.
    pub busy_ms: Vec<f64>,
    /// The highest CPU use in each part, of one core; `None` if it was not measured.
    pub cpu_percent: Vec<Option<f64>>,
    /// The largest memory in each part.
    pub memory_mb: Vec<Option<f64>>,
}

//! Profile chunks to send.

use serde_json::{Value, json};

use crate::helpers::App;

/// When the first sample is taken.
pub(crate) const FROM: f64 = 1_795_459_484.0;
pub(crate) const PROFILER: &str = "9f3c2b1a9f3c2b1a9f3c2b1a9f3c2b1a";
pub(crate) const SERVE: &str = "shop::serve";
pub(crate) const CONVERGE: &str = "shop::domain::simulation::converge";

/// A chunk as the services send it.
pub(crate) struct Chunk {
    from: f64,
    number: u32,
    profiler: String,
    frames: Vec<Value>,
    stacks: Vec<Value>,
    samples: Vec<Value>,
    threads: Value,
    more: Vec<(String, Value)>,
}

fn function(name: &str) -> Value {
    json!({ "function": name, "module": "shop", "filename": "src/serve.rs", "abs_path": "/src/serve.rs", "lineno": 7, "in_app": true })
}

impl Chunk {
    pub(crate) fn at(from: f64) -> Self {
        let (frames, stacks, samples, more) = Default::default();
        let profiler = PROFILER.to_owned();
        Self { from, number: 0, profiler, frames, stacks, samples, threads: json!({}), more }
    }

    /// Chunks of one number are the same chunk.
    pub(crate) fn number(self, number: u32) -> Self {
        Self { number, ..self }
    }

    pub(crate) fn profiler(self, profiler: u32) -> Self {
        Self { profiler: format!("{profiler:032x}"), ..self }
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.push((name.to_owned(), value));
        self
    }

    /// That many milliseconds after its begin the thread runs this stack, leaf first; an idle one has none.
    pub(crate) fn sample(mut self, ms: u32, thread: &str, stack: &[&str]) -> Self {
        let indices = stack.iter().map(|name| {
            let frame = function(name);
            let known = self.frames.iter().position(|it| *it == frame);
            known.unwrap_or_else(|| {
                self.frames.push(frame);
                self.frames.len() - 1
            })
        });
        let stack = json!(indices.collect::<Vec<_>>());
        let known = self.stacks.iter().position(|it| *it == stack);
        let stack_id = known.unwrap_or_else(|| {
            self.stacks.push(stack);
            self.stacks.len() - 1
        });
        let timestamp = self.from + f64::from(ms) / 1e3;
        self.samples.push(json!({ "timestamp": timestamp, "stack_id": stack_id, "thread_id": thread }));
        self.threads[thread] = json!({ "name": format!("thread-{thread}") });
        self
    }

    /// The same while this span is active.
    pub(crate) fn of_span(self, span: &str, ms: u32, thread: &str, stack: &[&str]) -> Self {
        let mut chunk = self.sample(ms, thread, stack);
        chunk.samples.last_mut().unwrap()["span_id"] = json!(span);
        chunk
    }

    pub(crate) fn into_payload(self) -> Value {
        let mut payload = json!({
            "version": "2",
            "profiler_id": self.profiler,
            "chunk_id": format!("{:032x}", self.number),
            "platform": "rust",
            "release": "shop@1.0.0",
            "environment": "test",
            "client_sdk": { "name": "sentry.rust", "version": "0.49.5" },
            "profile": {
                "samples": self.samples,
                "stacks": self.stacks,
                "frames": self.frames,
                "thread_metadata": self.threads,
            },
        });
        payload.as_object_mut().unwrap().extend(self.more);
        payload
    }
}

/// An envelope with one chunk; the header has these fields, too.
pub(crate) fn chunk_item(mut header: Value, chunk: &Value) -> String {
    let payload = chunk.to_string();
    header["type"] = json!("profile_chunk");
    header["length"] = json!(payload.len());
    format!("{{}}\n{header}\n{payload}\n")
}

pub(crate) async fn send_chunk(app: &App, chunk: Chunk) {
    app.accepted(chunk_item(json!({ "platform": "rust" }), &chunk.into_payload())).await;
}

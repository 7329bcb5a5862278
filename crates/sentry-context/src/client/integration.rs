//! What every event of a service gets at the moment it is made: runtime, app and device contexts.

use std::sync::{Arc, LazyLock};

use sentry::integrations::contexts::ContextIntegration;
use sentry::integrations::debug_images::DebugImagesIntegration;
use sentry::protocol::{AppContext, Context, Event, Map, RuntimeContext, Value};
use sentry::{ClientOptions, Integration};

use super::Service;
use crate::limit::Limiter;
use crate::metrics::Requests;
use crate::runtime_stats::{self, RuntimeStats, mb};

/// The integrations of a client, in order: ours comes after the SDK's contexts and completes them.
pub(super) fn all(service: &'static Service) -> Vec<Arc<dyn Integration>> {
    vec![
        Arc::new(DebugImagesIntegration::default()),
        Arc::new(ContextIntegration::new()),
        Arc::new(ServiceIntegration {
            panic_type: service.panic_type,
            name: service.name,
            requests: Requests::default(),
            limiter: Limiter::default(),
        }),
    ]
}

/// Marks a client as ours and knows its service.
#[derive(Debug)]
pub struct ServiceIntegration {
    pub(crate) panic_type: &'static str,
    pub(crate) name: &'static str,
    pub(crate) requests: Requests,
    pub(crate) limiter: Limiter,
}

impl Integration for ServiceIntegration {
    fn name(&self) -> &'static str {
        "sentry-context"
    }

    fn process_event(&self, mut event: Event<'static>, options: &ClientOptions) -> Option<Event<'static>> {
        let stats = runtime_stats::read();
        let release = options.release.as_deref().unwrap_or_default();
        for (name, context) in contexts_of(&stats, self.name, release) {
            // Whoever speaks of another process brings its own.
            event.contexts.entry(name).or_insert(context);
        }
        name_runtime(&mut event);
        if let Some(Context::Device(device)) = event.contexts.get_mut("device") {
            device.memory_size = Some(stats.memory_total);
            device.free_memory = Some(stats.memory_free);
            device.other.insert("processor_count".to_owned(), processors().into());
        }
        Some(event)
    }
}

/// What a process was: the contexts `app` and `runtime`.
pub(crate) fn contexts_of(stats: &RuntimeStats, service: &str, release: &str) -> [(String, Context); 2] {
    let app = AppContext {
        app_start_time: Some(stats.started),
        app_name: Some(service.to_owned()),
        app_version: release.split_once('@').map(|(_, version)| version.to_owned()),
        other: Map::from_iter([("app_memory".to_owned(), stats.memory_bytes.into())]),
        ..AppContext::default()
    };
    let facts: [(&str, Value); 5] = [
        ("memory_mb", mb(stats.memory_bytes).into()),
        ("cpu_percent", hundredths(stats.cpu_percent.into()).into()),
        ("threads", stats.threads.into()),
        ("uptime_seconds", hundredths(stats.uptime_seconds).into()),
        ("open_fds", stats.open_fds.into()),
    ];
    let other = facts.map(|(name, value)| (name.to_owned(), value)).into();
    let runtime = RuntimeContext { other, ..RuntimeContext::default() };
    [("app".to_owned(), app.into()), ("runtime".to_owned(), runtime.into())]
}

/// Name and version stand beside the statistics, in the one runtime context: the SDK puts them under the key `rust`.
fn name_runtime(event: &mut Event<'static>) {
    if let Some(Context::Runtime(named)) = event.contexts.remove("rust")
        && let Some(Context::Runtime(runtime)) = event.contexts.get_mut("runtime")
    {
        runtime.name = named.name;
        runtime.version = named.version;
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Asked once: the answer comes from a dozen files of the control groups.
fn processors() -> usize {
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, Into::into));
    *PROCESSORS
}

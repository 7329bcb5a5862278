//! What every event of a service gets at the moment it is made: runtime, app and device contexts.

use std::sync::Arc;

use sentry::integrations::contexts::ContextIntegration;
use sentry::integrations::debug_images::DebugImagesIntegration;
use sentry::protocol::{AppContext, Context, Event, Map, Value};
use sentry::{ClientOptions, Integration};

use super::Service;
use crate::runtime_stats::{self, RuntimeStats, mb};

/// The integrations of a client, in order: ours comes after the SDK's contexts and completes them.
pub(super) fn all(service: &'static Service) -> Vec<Arc<dyn Integration>> {
    vec![
        Arc::new(DebugImagesIntegration::default()),
        Arc::new(ContextIntegration::new()),
        Arc::new(ServiceIntegration { panic_type: service.panic_type, name: service.name }),
    ]
}

/// Marks a client as ours and knows its service.
#[derive(Debug)]
pub struct ServiceIntegration {
    pub(crate) panic_type: &'static str,
    pub(crate) name: &'static str,
}

impl Integration for ServiceIntegration {
    fn name(&self) -> &'static str {
        "sentry-context"
    }

    fn process_event(&self, mut event: Event<'static>, options: &ClientOptions) -> Option<Event<'static>> {
        let stats = runtime_stats::read();
        complete_runtime(&mut event, &stats);
        event.contexts.insert("app".to_owned(), self.app(&stats, options));
        if let Some(Context::Device(device)) = event.contexts.get_mut("device") {
            device.memory_size = Some(stats.memory_total);
            device.free_memory = Some(stats.memory_free);
            device.other.insert("processor_count".to_owned(), processors().into());
        }
        Some(event)
    }
}

impl ServiceIntegration {
    fn app(&self, stats: &RuntimeStats, options: &ClientOptions) -> Context {
        let version = options.release.as_deref().and_then(|release| release.split_once('@'));
        let app = AppContext {
            app_start_time: Some(stats.started),
            app_name: Some(self.name.to_owned()),
            app_version: version.map(|(_, version)| version.to_owned()),
            other: Map::from_iter([("app_memory".to_owned(), stats.memory_bytes.into())]),
            ..AppContext::default()
        };
        app.into()
    }
}

/// The statistics stand beside the runtime's name and version, in the one runtime context: the SDK puts its
/// own under the key `rust`.
fn complete_runtime(event: &mut Event<'static>, stats: &RuntimeStats) {
    let Some(Context::Runtime(mut runtime)) = event.contexts.remove("rust") else { return };
    let facts: [(&str, Value); 5] = [
        ("memory_mb", mb(stats.memory_bytes).into()),
        ("cpu_percent", hundredths(stats.cpu_percent.into()).into()),
        ("threads", stats.threads.into()),
        ("uptime_seconds", hundredths(stats.uptime_seconds).into()),
        ("open_fds", stats.open_fds.into()),
    ];
    runtime.other.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    event.contexts.insert("runtime".to_owned(), Context::Runtime(runtime));
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

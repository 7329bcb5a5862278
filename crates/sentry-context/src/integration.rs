//! What every event of a service gets at the moment it is made: runtime, app and device contexts.

use std::sync::LazyLock;

use sentry::integrations::contexts::ContextIntegration;
use sentry::protocol::{Context, Event, Map};
use sentry::{ClientOptions, Integration};

use crate::{flags, open_spans, runtime_stats, size};

/// Marks a client as ours and knows its service. It comes after the SDK's contexts and completes them.
#[derive(Debug)]
pub(crate) struct ServiceIntegration {
    pub(crate) panic_type: &'static str,
    pub(crate) name: &'static str,
}

impl Integration for ServiceIntegration {
    fn name(&self) -> &'static str {
        "sentry-context"
    }

    fn process_event(&self, mut event: Event<'static>, options: &ClientOptions) -> Option<Event<'static>> {
        flags::gather(&mut event.contexts);
        open_spans::complete(&mut event.contexts);
        complete(&mut event.contexts, self.name, options.release.as_deref().unwrap_or_default());
        // From here on it waits: no input is kept whole.
        size::new_event(&mut event);
        Some(event)
    }
}

/// The contexts that a transaction gets, which the SDK gives to events only.
pub(crate) fn add_contexts(contexts: &mut Map<String, Context>, service: &str, release: &str) {
    static OF_SDK: LazyLock<Map<String, Context>> = LazyLock::new(|| {
        let options = ClientOptions::default();
        let event = ContextIntegration::new().process_event(Event::default(), &options);
        event.map(|event| event.contexts).unwrap_or_default()
    });
    for (name, context) in OF_SDK.iter() {
        contexts.entry(name.clone()).or_insert_with(|| context.clone());
    }
    complete(contexts, service, release);
}

/// Adds what the SDK does not know to its contexts.
fn complete(contexts: &mut Map<String, Context>, service: &str, release: &str) {
    let stats = runtime_stats::read();
    for (name, context) in stats.contexts(service, release) {
        // Whoever speaks of another process brings its own.
        contexts.entry(name).or_insert(context);
    }
    name_runtime(contexts);
    if let Some(Context::Device(device)) = contexts.get_mut("device") {
        device.memory_size = Some(stats.memory_total);
        device.free_memory = Some(stats.memory_free);
        device.other.insert("processor_count".to_owned(), processors().into());
    }
}

/// Name and version stand beside the statistics, in the one runtime context: the SDK puts them under the key `rust`.
fn name_runtime(contexts: &mut Map<String, Context>) {
    if let Some(Context::Runtime(named)) = contexts.remove("rust")
        && let Some(Context::Runtime(runtime)) = contexts.get_mut("runtime")
    {
        runtime.name = named.name;
        runtime.version = named.version;
    }
}

/// Asked once: the answer comes from a dozen files of the control groups.
fn processors() -> usize {
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, Into::into));
    *PROCESSORS
}

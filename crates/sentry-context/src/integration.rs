//! What every event of a service gets: the state of the process when it is made, the rest when it is encoded.

use std::sync::LazyLock;

use sentry::integrations::contexts::ContextIntegration;
use sentry::protocol::{Context, Event, Map};
use sentry::{ClientOptions, Integration};

use crate::runtime_stats::APP_MEMORY;
use crate::{flags, open_spans, runtime_stats, size};

/// Marks a client as ours.
#[derive(Debug)]
pub(crate) struct ServiceIntegration {
    pub(crate) panic_type: &'static str,
}

impl Integration for ServiceIntegration {
    fn name(&self) -> &'static str {
        "sentry-context"
    }

    fn process_event(&self, mut event: Event<'static>, _: &ClientOptions) -> Option<Event<'static>> {
        flags::gather(&mut event.contexts);
        open_spans::complete(&mut event.contexts);
        // The other contexts are the same later. A burst of errors queues thousands, which are smaller without them.
        event.contexts.entry("runtime".to_owned()).or_insert_with(|| {
            let stats = runtime_stats::read();
            let mut runtime = stats.runtime();
            runtime.other.insert(APP_MEMORY.to_owned(), stats.memory_bytes.into());
            runtime.into()
        });
        // From here on it waits: no input is kept whole.
        size::new_event(&mut event);
        Some(event)
    }
}

/// The SDK's contexts, which it gives to events only and in the thread that reports, and what it does not know. Whoever
/// speaks of another process brings its own.
pub(crate) fn add_contexts(contexts: &mut Map<String, Context>, service: &str, release: &str) {
    static OF_SDK: LazyLock<Map<String, Context>> = LazyLock::new(|| {
        let options = ClientOptions::default();
        let event = ContextIntegration::new().process_event(Event::default(), &options);
        event.map(|event| event.contexts).unwrap_or_default()
    });
    for (name, context) in OF_SDK.iter() {
        contexts.entry(name.clone()).or_insert_with(|| context.clone());
    }
    let stats = runtime_stats::read();
    for (name, context) in stats.contexts(service, release) {
        contexts.entry(name).or_insert(context);
    }
    name_runtime(contexts);
    // That of the moment.
    if let Some(Context::Runtime(runtime)) = contexts.get_mut("runtime")
        && let Some(memory) = runtime.other.remove(APP_MEMORY)
        && let Some(Context::App(app)) = contexts.get_mut("app")
    {
        app.other.insert(APP_MEMORY.to_owned(), memory);
    }
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

#[cfg(test)]
mod tests {
    use sentry::protocol::Value;

    use super::*;

    fn names(contexts: &Map<String, Context>) -> Vec<&str> {
        contexts.keys().map(String::as_str).collect()
    }

    #[test]
    fn an_event_gets_the_process_of_its_moment_at_once_and_the_rest_once_it_is_encoded() {
        runtime_stats::start();
        let service = ServiceIntegration { panic_type: "Panic" };
        let event = service.process_event(Event::default(), &ClientOptions::default()).unwrap();
        let mut contexts = event.contexts;
        assert_eq!(names(&contexts), ["runtime"]);
        let other_memory = ("app_memory".to_owned(), 7.into());
        if let Some(Context::Runtime(runtime)) = contexts.get_mut("runtime") {
            runtime.other.extend([other_memory]);
        }
        add_contexts(&mut contexts, "shop", "shop@1.2.3");
        assert_eq!(names(&contexts), ["app", "device", "os", "runtime"]);
        let shown = serde_json::to_value(&contexts).unwrap();
        assert_eq!((&shown["app"]["app_memory"], &shown["app"]["app_version"]), (&7.into(), &"1.2.3".into()));
        assert_eq!(
            (&shown["runtime"]["app_memory"], &shown["runtime"]["name"]),
            (&Value::Null, &"rustc".into())
        );
        assert!(shown["device"]["free_memory"].is_u64(), "{shown}");
    }
}

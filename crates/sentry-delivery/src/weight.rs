//! How much memory an envelope takes as the SDK makes it: every text, map and list in it, not only its usual parts.
//!
//! It is weighed on the path of a request, so it is added up in one walk, without writing anything.

use std::borrow::Cow;
use std::mem::size_of;

use sentry::Envelope;
use sentry::protocol::{
    Breadcrumb, Context, DebugImage, DebugMeta, EnvelopeItem, Event, Exception, Frame, ItemContainer, Log,
    Map, Metric, Request, SessionUpdate, Span, Stacktrace, Thread, Transaction, User, Value,
};

/// What an item has beside its texts. Most of it is maps, whose nodes have room for eleven entries even where there is
/// one.
const SMALL: usize = 256;

/// A map with one entry or a few.
const MAP: usize = 2 * SMALL;

/// About the bytes of all items.
pub(crate) fn envelope(envelope: &Envelope) -> usize {
    SMALL + envelope.items().map(item).sum::<usize>()
}

fn item(item: &EnvelopeItem) -> usize {
    match item {
        EnvelopeItem::Event(it) => event(it),
        EnvelopeItem::Transaction(it) => transaction(it),
        EnvelopeItem::Attachment(it) => {
            it.buffer.capacity() + it.filename.len() + optional(&it.content_type) + SMALL
        }
        EnvelopeItem::ItemContainer(ItemContainer::Logs(it)) => it.iter().map(log).sum(),
        EnvelopeItem::ItemContainer(ItemContainer::Metrics(it)) => it.iter().map(metric).sum(),
        EnvelopeItem::SessionUpdate(it) => session(it),
        EnvelopeItem::MonitorCheckIn(it) => 2 * SMALL + it.monitor_slug.len() + optional(&it.environment),
        _ => SMALL,
    }
}

fn event(event: &Event<'_>) -> usize {
    let texts = [
        optional(&event.culprit),
        optional(&event.transaction),
        optional(&event.message),
        optional(&event.logger),
        cow(&event.server_name),
        cow(&event.release),
        cow(&event.dist),
        cow(&event.environment),
        event.fingerprint.iter().map(|part| part.len() + SMALL / 8).sum(),
        event.logentry.as_ref().map_or(0, |it| it.message.len() + values(&it.params)),
    ];
    let parts = [
        // The event itself, and what the allocator adds to a hundred small texts.
        4 * 1024,
        strings(&event.modules),
        strings(&event.tags),
        fields(&event.extra),
        contexts(&event.contexts),
        event.user.as_ref().map_or(0, user),
        event.request.as_ref().map_or(0, request),
        event.breadcrumbs.iter().map(breadcrumb).sum(),
        event.exception.iter().map(exception).sum(),
        event.threads.iter().map(thread).sum(),
        stack(event.stacktrace.as_ref()),
        debug_meta(&event.debug_meta),
    ];
    texts.iter().chain(&parts).sum()
}

fn transaction(it: &Transaction<'_>) -> usize {
    let parts = [
        12 * SMALL,
        optional(&it.name),
        cow(&it.release),
        cow(&it.environment),
        cow(&it.server_name),
        strings(&it.tags),
        fields(&it.extra),
        contexts(&it.contexts),
        it.user.as_ref().map_or(0, user),
        it.request.as_ref().map_or(0, request),
        it.spans.iter().map(span).sum(),
    ];
    parts.iter().sum()
}

fn span(it: &Span) -> usize {
    size_of::<Span>() + optional(&it.op) + optional(&it.description) + strings(&it.tags) + fields(&it.data)
}

fn log(it: &Log) -> usize {
    let attribute = |(name, value): (&String, &sentry::protocol::LogAttribute)| name.len() + entry(&value.0);
    8 * SMALL + it.body.len() + it.attributes.iter().map(attribute).sum::<usize>()
}

fn metric(it: &Metric) -> usize {
    let attribute = |(name, value): (&Cow<'static, str>, &sentry::protocol::LogAttribute)| {
        borrowed(name) + entry(&value.0)
    };
    5 * SMALL + borrowed(&it.name) + it.attributes.iter().map(attribute).sum::<usize>()
}

fn session(it: &SessionUpdate<'_>) -> usize {
    2 * SMALL + optional(&it.distinct_id) + optional(&it.attributes.user_agent)
}

fn user(it: &User) -> usize {
    optional(&it.id) + optional(&it.email) + optional(&it.username) + fields(&it.other)
}

fn request(it: &Request) -> usize {
    let url = it.url.as_ref().map_or(0, |url| url.as_str().len());
    let texts = [&it.method, &it.data, &it.query_string, &it.cookies].map(optional);
    SMALL + url + texts.iter().sum::<usize>() + strings(&it.headers) + strings(&it.env)
}

fn breadcrumb(it: &Breadcrumb) -> usize {
    let texts = it.ty.len() + optional(&it.category) + optional(&it.message);
    size_of::<Breadcrumb>() + texts + fields(&it.data)
}

fn exception(it: &Exception) -> usize {
    let mechanism = it.mechanism.as_ref().map_or(0, |it| {
        let link = it.help_link.as_ref().map_or(0, |link| link.as_str().len());
        SMALL + it.ty.len() + optional(&it.description) + link + fields(&it.data)
    });
    let texts = it.ty.len() + optional(&it.value) + optional(&it.module);
    let stacks = stack(it.stacktrace.as_ref()) + stack(it.raw_stacktrace.as_ref());
    size_of::<Exception>() + texts + stacks + mechanism
}

fn thread(it: &Thread) -> usize {
    let stacks = stack(it.stacktrace.as_ref()) + stack(it.raw_stacktrace.as_ref());
    size_of::<Thread>() + optional(&it.name) + stacks
}

fn stack(it: Option<&Stacktrace>) -> usize {
    it.map_or(0, |it| it.frames.iter().map(frame).sum::<usize>() + it.registers.len() * SMALL / 4)
}

fn frame(it: &Frame) -> usize {
    let texts =
        [&it.function, &it.symbol, &it.module, &it.package, &it.filename, &it.abs_path, &it.context_line];
    let lines = it.pre_context.iter().chain(&it.post_context).map(|line| line.len() + size_of::<String>());
    size_of::<Frame>() + texts.map(optional).iter().sum::<usize>() + lines.sum::<usize>() + fields(&it.vars)
}

#[expect(clippy::ptr_arg, reason = "a borrowed one weighs nothing")]
fn debug_meta(it: &Cow<'_, DebugMeta>) -> usize {
    // The SDK keeps one for all events; an event that has its own is another process's.
    let Cow::Owned(it) = it else { return 0 };
    let file = |image: &DebugImage| match image {
        DebugImage::Symbolic(it) => it.name.len() + optional(&it.debug_file),
        DebugImage::Apple(it) => it.name.len(),
        DebugImage::Wasm(it) => it.name.len() + it.code_file.len() + optional(&it.debug_file),
        _ => 0,
    };
    it.images.iter().map(|image| size_of::<DebugImage>() + file(image)).sum()
}

fn contexts(all: &Map<String, Context>) -> usize {
    all.iter().map(|(name, it)| name.len() + size_of::<Context>() + context(it)).sum()
}

fn context(it: &Context) -> usize {
    match it {
        Context::Other(it) => fields(it),
        Context::Trace(it) => optional(&it.op) + optional(&it.description) + fields(&it.data),
        Context::Runtime(it) => optional(&it.name) + optional(&it.version) + fields(&it.other),
        Context::App(it) => {
            let texts = [&it.app_identifier, &it.app_name, &it.app_version, &it.app_build, &it.build_type];
            texts.map(optional).iter().sum::<usize>() + fields(&it.other)
        }
        Context::Os(it) => {
            let texts = [&it.name, &it.version, &it.build, &it.kernel_version];
            texts.map(optional).iter().sum::<usize>() + fields(&it.other)
        }
        Context::Device(it) => {
            let texts = [&it.name, &it.family, &it.model, &it.model_id, &it.arch, &it.timezone];
            texts.map(optional).iter().sum::<usize>() + fields(&it.other)
        }
        Context::Browser(it) => optional(&it.name) + optional(&it.version) + fields(&it.other),
        Context::Response(it) => {
            optional(&it.cookies) + strings(&it.headers) + it.data.as_ref().map_or(0, entry)
        }
        Context::Otel(it) => fields(&it.attributes) + fields(&it.resource) + fields(&it.other),
        // Nobody here makes them; written, a context is about as long as it is in memory.
        other => serde_json::to_string(other).map_or(0, |text| text.len()),
    }
}

fn fields(map: &Map<String, Value>) -> usize {
    let all: usize = map.iter().map(|(name, value)| name.len() + entry(value)).sum();
    if map.is_empty() { 0 } else { MAP + all }
}

fn strings(map: &Map<String, String>) -> usize {
    let entry = |(name, text): (&String, &String)| 2 * size_of::<String>() + name.len() + text.len();
    if map.is_empty() { 0 } else { MAP + map.iter().map(entry).sum::<usize>() }
}

fn values(all: &[Value]) -> usize {
    all.iter().map(entry).sum()
}

/// A value with its place in a list or map, whose depth serde bounds where it comes from outside.
fn entry(value: &Value) -> usize {
    let place = size_of::<String>() + size_of::<Value>();
    place
        + match value {
            Value::String(text) => text.len(),
            Value::Array(all) => values(all),
            Value::Object(map) => {
                MAP + map.iter().map(|(name, value)| name.len() + entry(value)).sum::<usize>()
            }
            _ => 0,
        }
}

fn optional(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

/// Zero where it is shared.
#[expect(clippy::ptr_arg, reason = "a borrowed one weighs nothing")]
fn borrowed(text: &Cow<'_, str>) -> usize {
    if let Cow::Owned(text) = text { text.len() } else { 0 }
}

fn cow(text: &Option<Cow<'_, str>>) -> usize {
    text.as_ref().map_or(0, borrowed)
}

#[cfg(test)]
mod tests;

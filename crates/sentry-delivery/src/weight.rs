//! Estimates how much memory an envelope of the SDK takes, from every text, map and list in it.
//!
//! Requests wait for this estimate. So it adds up lengths and serialises nothing.

use std::borrow::Cow;
use std::mem::{size_of, size_of_val};

use sentry::Envelope;
use sentry::protocol::{
    Attachment, Breadcrumb, Context, DebugMeta, EnvelopeItem, Event, Exception, Frame, ItemContainer, Log,
    LogAttribute, LogEntry, Map, Mechanism, Metric, MonitorCheckIn, RegVal, Request, SessionAttributes,
    SessionUpdate, Span, Stacktrace, TemplateInfo, Thread, TraceContext, Transaction, User, Value, Values,
};
use serde::Serialize;

/// What the allocator adds to each text.
const ALLOCATION: usize = 16;

/// A map allocates room for so many entries at once, even for a single one. On average, half of it is used.
const NODE: usize = 11;

/// About how many bytes an envelope takes.
pub(crate) fn envelope(envelope: &Envelope) -> usize {
    size_of::<Envelope>()
        + envelope.items().map(|item| size_of::<EnvelopeItem>() + item.heap()).sum::<usize>()
}

/// A value with parts on the heap.
trait Weigh {
    /// About how many bytes these parts take.
    fn heap(&self) -> usize;
}

/// Lists the fields of each struct that have parts of any size on the heap.
macro_rules! weigh_fields {
    ($($type:ty: $($field:ident)*;)*) => {
        $(impl Weigh for $type {
            fn heap(&self) -> usize {
                0 $(+ self.$field.heap())*
            }
        })*
    };
}

weigh_fields! {
    Attachment: filename content_type;
    Breadcrumb: ty category message data;
    Event<'_>: fingerprint culprit transaction message logentry logger modules server_name release dist environment
        user request contexts breadcrumbs exception stacktrace template threads tags extra debug_meta;
    Exception: ty value module stacktrace raw_stacktrace mechanism;
    Frame: function symbol module package filename abs_path pre_context context_line post_context vars addr_mode;
    Log: body attributes;
    LogEntry: message params;
    Mechanism: ty description data;
    Metric: name attributes;
    MonitorCheckIn: monitor_slug environment;
    Request: method data query_string cookies headers env;
    SessionAttributes<'_>: release environment user_agent;
    SessionUpdate<'_>: distinct_id attributes;
    Span: op description tags data;
    Stacktrace: frames registers;
    TemplateInfo: filename abs_path pre_context context_line post_context;
    Thread: name stacktrace raw_stacktrace;
    TraceContext: op description origin data;
    Transaction<'_>: name release environment user tags extra spans contexts request server_name;
    User: id email username other;
    RegVal: ;
}

impl Weigh for EnvelopeItem {
    fn heap(&self) -> usize {
        match self {
            Self::Event(event) => event.heap(),
            Self::Transaction(transaction) => transaction.heap(),
            Self::Attachment(attachment) => attachment.buffer.capacity() + attachment.heap(),
            Self::ItemContainer(ItemContainer::Logs(logs)) => logs.heap(),
            Self::ItemContainer(ItemContainer::Metrics(metrics)) => metrics.heap(),
            Self::SessionUpdate(session) => session.heap(),
            Self::MonitorCheckIn(check_in) => check_in.heap(),
            _ => 0,
        }
    }
}

/// Callers fill these two contexts. The SDK fills the others, which are short and take about twice the length of their
/// JSON.
impl Weigh for Context {
    fn heap(&self) -> usize {
        match self {
            Self::Other(fields) => fields.heap(),
            Self::Trace(context) => context.heap(),
            other => as_json(other),
        }
    }
}

/// The SDK shares one list of images between all events. An event with a list of its own comes from another process.
impl Weigh for DebugMeta {
    fn heap(&self) -> usize {
        as_json(self)
    }
}

fn as_json(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |text| 2 * text.len())
}

impl Weigh for Value {
    fn heap(&self) -> usize {
        match self {
            Self::String(text) => text.heap(),
            Self::Array(all) => all.heap(),
            Self::Object(fields) => entries(fields.iter()),
            _ => 0,
        }
    }
}

impl Weigh for LogAttribute {
    fn heap(&self) -> usize {
        self.0.heap()
    }
}

impl Weigh for String {
    fn heap(&self) -> usize {
        self.len() + ALLOCATION
    }
}

impl<T: ToOwned<Owned: Weigh> + ?Sized> Weigh for Cow<'_, T> {
    fn heap(&self) -> usize {
        if let Cow::Owned(owned) = self { owned.heap() } else { 0 }
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, T::heap)
    }
}

impl<T: Weigh> Weigh for Box<T> {
    fn heap(&self) -> usize {
        size_of::<T>() + T::heap(self)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap(&self) -> usize {
        size_of_val(self.as_slice()) + self.iter().map(T::heap).sum::<usize>()
    }
}

impl<T: Weigh> Weigh for Values<T> {
    fn heap(&self) -> usize {
        self.values.heap()
    }
}

impl<K: Weigh, V: Weigh> Weigh for Map<K, V> {
    fn heap(&self) -> usize {
        entries(self.iter())
    }
}

fn entries<'a, K: Weigh + 'a, V: Weigh + 'a>(all: impl ExactSizeIterator<Item = (&'a K, &'a V)>) -> usize {
    let nodes = if all.len() == 0 { 0 } else { all.len() / (NODE / 2) + 1 };
    nodes * NODE * size_of::<(K, V)>() + all.map(|(name, value)| name.heap() + value.heap()).sum::<usize>()
}

#[cfg(test)]
mod tests;

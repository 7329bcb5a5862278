//! `tracing` to the terminal and, from warnings on, to Sentry: both with the trace of the request, both redacted.
//!
//! `LOG_FORMAT=text` (default) is for eyes, `LOG_FORMAT=json` for machines: an object per line with `timestamp`,
//! `level`, `message`, `target`, `service`, the event's own fields and, within a request, `trace_id` and `span_id`.
//! An error that is logged makes no event: events come from [`crate::report`] and from panics only, which log
//! themselves.

mod writer;

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sentry::integrations::tracing::LogLayer;
use sentry::protocol::{Event as SentryEvent, Log, Map, TraceContext, Value};
use sentry::{Hub, TransactionOrSpan};
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::format::{Format, Full, Json, Writer, debug_fn};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, prelude::*};

use crate::env::{self, Allowed, EnvError, Shown, Variable};
use crate::printable::printable;
use crate::{redaction, size};
use writer::{Queue, Terminal};

/// What the transport logs of its own troubles would be sent by the transport, and so on forever.
const OWN_TARGET: &str = sentry_delivery::LOG_TARGET;

/// Bytes of a line, or of a field of one in JSON; the rest is cut.
const LONGEST: usize = 8192;

/// The lines that are not written yet.
static LINES: OnceLock<Arc<Queue>> = OnceLock::new();

/// Logs to standard error at the level of `RUST_LOG`, or `info`, in the form of `LOG_FORMAT`; warnings and errors also
/// to Sentry. Nobody who logs waits for whoever reads: lines beyond 1 MiB are dropped and counted. Later calls change
/// nothing.
pub fn init(service: &'static str) -> Result<(), LogError> {
    let (style, filter) = (style()?, filter()?);
    let queue = Queue::start(io::stderr())?;
    let terminal = tracing_subscriber::fmt::layer()
        .fmt_fields(debug_fn(field).delimited(" "))
        .event_format(Lines { service, style })
        .with_writer(Terminal(Arc::clone(&queue)))
        .with_filter(filter);
    let sent = filter_fn(|about| !about.target().starts_with(OWN_TARGET)).and(LevelFilter::WARN);
    let both = tracing_subscriber::registry().with(terminal).with(LogLayer::new().with_filter(sent));
    // A subscriber may be there already, in tests; then it stays.
    if both.try_init().is_ok() {
        let _ = LINES.set(queue);
    }
    Ok(())
}

/// Is this module's log the one of the process?
pub(crate) fn is_on() -> bool {
    LINES.get().is_some()
}

/// Waits until every line that was logged is written, or until the time is over. For the end of a process.
pub fn flush(timeout: Duration) {
    if let Some(lines) = LINES.get() {
        lines.flush(timeout);
    }
}

/// There can be no logs.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A variable's value is wrong.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The system gives no thread.
    #[error("no thread for the log: {0}")]
    Thread(#[from] io::Error),
}

/// Everything that [`init`] reads.
pub static VARIABLES: [&Variable; 2] = [&RUST_LOG, &LOG_FORMAT];

/// What is logged to the terminal.
pub static RUST_LOG: Variable = Variable {
    name: "RUST_LOG",
    about: "what is logged to the terminal",
    default: Some("info"),
    allowed: Allowed::Text("directives such as warn or shop=debug,info"),
    shown: Shown::Whole,
};

static LOG_FORMAT: Variable = Variable {
    name: "LOG_FORMAT",
    about: "how it is logged: `json` is an object per line, with `trace_id` and `span_id`",
    default: Some("text"),
    allowed: Allowed::OneOf(&["text", "json"]),
    shown: Shown::Whole,
};

fn filter() -> Result<EnvFilter, EnvError> {
    let text = env::text(&RUST_LOG)?.unwrap_or_default();
    EnvFilter::builder().parse(&text).map_err(|error| EnvError::new(&RUST_LOG, &text).because(error))
}

fn style() -> Result<Style, EnvError> {
    let format: String = env::parsed(&LOG_FORMAT)?;
    if format == "json" {
        let json = Format::default().json().flatten_event(true);
        return Ok(Style::Json(json.with_current_span(false).with_span_list(false)));
    }
    // Colours are for a person: the log of a container would show their codes.
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Ok(Style::Text(Format::default().with_ansi(colours)))
}

/// Lines that know their trace and keep no secret.
struct Lines {
    service: &'static str,
    style: Style,
}

enum Style {
    Text(Format<Full>),
    Json(Format<Json>),
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        match &self.style {
            Style::Text(format) => {
                format.format_event(context, Writer::new(&mut line), event)?;
                self.finish_text(&mut line);
            }
            Style::Json(format) => {
                format.format_event(context, Writer::new(&mut line), event)?;
                line = self.finish_json(&line);
            }
        }
        writeln!(out, "{line}")
    }
}

impl Lines {
    fn finish_text(&self, line: &mut String) {
        line.truncate(line.trim_end().len());
        size::cut(line, LONGEST + size::WINDOW);
        redaction::text(line);
        size::cut(line, LONGEST);
        if let Some(trace) = trace() {
            line.push_str(&format!(" trace_id={} span_id={}", trace.trace_id, trace.span_id));
        }
    }

    fn finish_json(&self, line: &str) -> String {
        let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(line) else {
            return String::new();
        };
        fields.insert("service".to_owned(), self.service.into());
        if let Some(trace) = trace() {
            fields.insert("trace_id".to_owned(), trace.trace_id.to_string().into());
            fields.insert("span_id".to_owned(), trace.span_id.to_string().into());
        }
        let mut json = Value::Object(fields.into_iter().collect());
        size::cut_each(&mut json, LONGEST + size::WINDOW);
        redaction::value(&mut json);
        size::cut_each(&mut json, LONGEST);
        let mut line = json.to_string();
        printable(&mut line);
        line
    }
}

/// A field as text, with nothing in it that a terminal obeys: what colours a line is written around it.
fn field(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let mut text = format!("{value:?}");
    printable(&mut text);
    match field.name() {
        "message" => write!(out, "{text}"),
        name => write!(out, "{name}={text}"),
    }
}

/// The trace and span of the request at hand, if there is one.
fn trace() -> Option<TraceContext> {
    crate::request::span().map(|span| match span {
        TransactionOrSpan::Transaction(transaction) => transaction.get_trace_context(),
        TransactionOrSpan::Span(span) => {
            TraceContext { span_id: span.get_span_id(), ..span.get_trace_context() }
        }
    })
}

/// Gives a log entry the tags of the request that wrote it, as attributes: the SDK gives tags to events only.
pub(crate) fn tag(mut log: Log) -> Option<Log> {
    let tags = Hub::with_active(|hub| {
        hub.configure_scope(|scope| scope.apply_to_event(SentryEvent::default())).map(|event| event.tags)
    });
    for (name, tag) in tags.into_iter().flatten() {
        log.attributes.entry(name).or_insert_with(|| tag.into());
    }
    Some(log)
}

//! Limits the size of what is sent: long texts are cut and marked, long lists keep both ends, deep trees lose their
//! depths. Every event is small enough for Sentry, whatever it was made of.
//!
//! Sentry refuses an event of more than 1 MB, or of 200 kB compressed. It also trims [what is longer than its
//! limits](https://docs.sentry.io/concepts/data-management/size-limits/), and the sender does not learn of it. A text
//! that is cut here says how long it was: `… (1300000 bytes)`. An event is cut twice. When it is made, [`new_event`]
//! keeps [`WINDOW`] bytes more of each text than are sent, so that nothing large waits in a queue. After redaction,
//! [`event`] cuts the rest: a secret is only recognised as a whole.

mod walk;

use sentry::protocol::{Event, Log, Span, Transaction};

use walk::Walk;
pub(crate) use walk::facts_of;

/// Replaces a secret, as in Sentry's own scrubbing. A cut never leaves only a part of this mark.
pub const FILTERED: &str = "[Filtered]";
/// Bytes of an event as JSON, without the parts that every event has.
pub const EVENT: usize = 180_000;
/// Bytes of a transaction with its spans, as JSON.
pub const TRANSACTION: usize = 800_000;
/// Bytes of a message, and of an exception's value.
pub const MESSAGE: usize = 8192;
/// Bytes of the value of a tag, a transaction's name, a release.
pub const TAG: usize = 200;
/// Breadcrumbs: the newest.
pub const BREADCRUMBS: usize = 100;
/// Frames of a stack: the first and the last.
pub const FRAMES: usize = 250;
/// Exceptions in a chain: the first and the last.
pub const EXCEPTIONS: usize = 50;
/// Spans of a transaction.
pub const SPANS: usize = 1000;
/// Tags, headers, fields of a context, items of a list.
pub const FIELDS: usize = 100;
/// Levels of contexts and other free data.
pub const DEPTH: usize = 7;

/// How many bytes beyond its limit a text keeps until it has been searched for secrets. No secret is longer.
pub const WINDOW: usize = 8192;

/// The length of the longest mark.
const MARK: usize = 40;

/// How many bytes of each part are kept, and how many frames.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    total: usize,
    request: usize,
    contexts: usize,
    extra: usize,
    crumbs: usize,
    frames: usize,
}

const USUAL: Sizes =
    Sizes { total: EVENT, request: 20_000, contexts: 48_000, extra: 24_000, crumbs: 32_000, frames: FRAMES };

/// Cuts a text to so many bytes, including the mark, at a character boundary. The mark says how long the text was.
pub fn cut(text: &mut String, most: usize) {
    if text.len() <= most {
        return;
    }
    let mark = mark(original(text).unwrap_or(text.len()));
    let mut end = text.floor_char_boundary(most.saturating_sub(mark.len()));
    // Half of a `[Filtered]` would not be recognised.
    let tail = text.floor_char_boundary(end.saturating_sub(FILTERED.len() - 1));
    if let Some(filtered) = text[tail..].find(FILTERED) {
        end = end.min(tail + filtered);
    }
    text.truncate(end);
    if mark.len() <= most {
        text.push_str(&mark);
    }
}

/// Cuts JSON to about so many bytes, to [`FIELDS`] and to [`DEPTH`].
pub fn cut_json(json: &mut serde_json::Value, most: usize) {
    Walk::new(most, 0).json(json, most);
}

/// Cuts each field of an object to about so many bytes, so that a long field does not displace the others.
pub fn cut_each(json: &mut serde_json::Value, most: usize) {
    json.as_object_mut().into_iter().flatten().for_each(|(_, field)| cut_json(field, most));
}

fn mark(length: usize) -> String {
    format!("… ({length} bytes)")
}

/// The original length of a text that was cut.
fn original(text: &str) -> Option<usize> {
    let tail = &text[text.ceil_char_boundary(text.len().saturating_sub(MARK))..];
    let (_, reported) = tail.rsplit_once("… (")?;
    reported.strip_suffix(" bytes)")?.parse().ok()
}

/// Cuts a new event before it is queued. It keeps everything that [`event`] keeps, and [`WINDOW`] bytes more of each
/// text.
pub fn new_event(event: &mut Event<'static>) {
    Walk::new(usize::MAX, WINDOW).event(event, &USUAL);
}

/// Cuts an event to less than 200 kB, which is what is sent.
pub fn event(event: &mut Event<'static>) {
    Walk::new(USUAL.total, 0).event(event, &USUAL);
}

/// Cuts a transaction before it is redacted.
pub fn new_transaction(transaction: &mut Transaction<'static>) {
    Walk::new(usize::MAX, WINDOW).transaction(transaction);
}

/// Cuts a transaction to less than 1 MB, which is what is sent.
pub fn transaction(transaction: &mut Transaction<'static>) {
    Walk::new(TRANSACTION, 0).transaction(transaction);
}

/// Cuts a log entry to the limits, and `window` bytes more for each text.
pub fn log(log: &mut Log, window: usize) {
    let mut walk = Walk::new(usize::MAX, window);
    walk.text(&mut log.body, MESSAGE);
    walk::first(&mut log.attributes, FIELDS);
    log.attributes.values_mut().for_each(|attribute| walk.json(&mut attribute.0, 1024));
}

impl Walk {
    fn event(&mut self, event: &mut Event<'static>, sizes: &Sizes) {
        event.message.iter_mut().for_each(|text| self.text(text, MESSAGE));
        for text in [&mut event.transaction, &mut event.culprit, &mut event.logger] {
            text.iter_mut().for_each(|text| self.text(text, TAG));
        }
        if let Some(entry) = &mut event.logentry {
            self.text(&mut entry.message, MESSAGE);
            self.list(&mut entry.params, 2048);
        }
        let names = [&mut event.release, &mut event.environment, &mut event.server_name, &mut event.dist];
        names.into_iter().flatten().for_each(|name| self.name(name));
        self.exceptions(&mut event.exception.values);
        self.tags(&mut event.tags);
        event.user.iter_mut().for_each(|user| self.user(user));
        event.request.iter_mut().for_each(|request| self.request(request, sizes.request));
        self.part(sizes.contexts, |part| part.contexts(&mut event.contexts));
        // A new event has its stack as addresses in one frame. Their number was limited when they were taken.
        if self.is_last() {
            self.stacks(event, sizes.frames);
        }
        self.part(sizes.crumbs, |part| part.breadcrumbs(&mut event.breadcrumbs.values));
        self.part(sizes.extra, |part| part.facts(&mut event.extra, 16_384));
        self.strings(&mut event.modules, 4096);
        fingerprint(event);
        event.template = None;
    }

    fn stacks(&mut self, event: &mut Event<'static>, frames: usize) {
        for exception in event.exception.values.iter_mut().rev() {
            self.stack(&mut exception.stacktrace, frames);
            self.stack(&mut exception.raw_stacktrace, frames);
        }
        self.stack(&mut event.stacktrace, frames);
        self.threads(&mut event.threads.values, frames);
    }

    fn transaction(&mut self, transaction: &mut Transaction<'static>) {
        transaction.name.iter_mut().for_each(|name| self.text(name, TAG));
        let names = [&mut transaction.release, &mut transaction.environment, &mut transaction.server_name];
        names.into_iter().flatten().for_each(|name| self.name(name));
        self.tags(&mut transaction.tags);
        transaction.user.iter_mut().for_each(|user| self.user(user));
        transaction.request.iter_mut().for_each(|request| self.request(request, USUAL.request));
        self.part(USUAL.contexts, |part| part.contexts(&mut transaction.contexts));
        self.part(USUAL.extra, |part| part.facts(&mut transaction.extra, 16_384));
        walk::ends(&mut transaction.spans, SPANS);
        transaction.spans.retain_mut(|span| self.span(span));
    }

    /// False if there is no room for it.
    fn span(&mut self, span: &mut Span) -> bool {
        span.op.iter_mut().for_each(|op| self.text(op, 128));
        span.description.iter_mut().for_each(|text| self.text(text, 1024));
        self.tags(&mut span.tags);
        self.facts(&mut span.data, 1024);
        self.has_room(250)
    }
}

/// Cuts a fingerprint that rules have made.
pub fn fingerprint(event: &mut Event<'static>) {
    if event.fingerprint.len() > FIELDS || event.fingerprint.iter().any(|part| part.len() > 2 * TAG) {
        let mut parts = event.fingerprint.to_vec();
        parts.truncate(FIELDS);
        parts.iter_mut().for_each(|part| cut(part.to_mut(), 2 * TAG));
        event.fingerprint = parts.into();
    }
}

#[cfg(test)]
mod tests;

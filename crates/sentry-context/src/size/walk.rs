//! Walks through an event part by part and counts how many bytes it may still keep.

mod stacks;

use std::borrow::Cow;

use sentry::protocol::{Breadcrumb, Context, Exception, Map, Request, Url, User, Value};

use super::{BREADCRUMBS, DEPTH, EXCEPTIONS, FIELDS, MESSAGE, TAG, cut};
use crate::facts::Facts;

/// The bytes that JSON adds to a value: quotes, a comma, a colon.
const VALUE: usize = 6;

/// How many bytes may still be kept, and by how many each text may exceed its limit.
pub(super) struct Walk {
    left: usize,
    window: usize,
}

impl Walk {
    pub(super) fn new(left: usize, window: usize) -> Self {
        Self { left, window }
    }

    /// Is nothing cut after this?
    pub(super) fn is_last(&self) -> bool {
        self.window == 0
    }

    /// Does `work` with at most so many of the bytes that are left.
    pub(super) fn part(&mut self, most: usize, work: impl FnOnce(&mut Self)) {
        let most = most.saturating_mul(self.window / 1024 + 1).min(self.left);
        let mut part = Self { left: most, window: self.window };
        work(&mut part);
        self.left -= most - part.left;
    }

    /// Takes the bytes that something needs beside its texts. False if too few are left.
    pub(super) fn has_room(&mut self, cost: usize) -> bool {
        let room = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        room
    }

    /// Does `work` with every value whose name still fits, and drops the others.
    fn entries<V>(&mut self, map: &mut Map<String, V>, mut work: impl FnMut(&mut Self, &mut V)) {
        map.retain(|name, value| {
            let room = self.has_room(written(name) + VALUE);
            if room {
                work(self, value);
            }
            room
        });
    }

    pub(super) fn text(&mut self, text: &mut String, most: usize) {
        cut(text, (most + self.window).min(self.left.saturating_sub(VALUE)));
        if written(text) + VALUE > self.left {
            // JSON may need six bytes for each of its own.
            cut(text, self.left.saturating_sub(VALUE) / 6);
        }
        self.left = self.left.saturating_sub(written(text) + VALUE);
    }

    pub(super) fn name(&mut self, name: &mut Cow<'static, str>) {
        if name.len() > TAG {
            cut(name.to_mut(), TAG);
        }
        self.left = self.left.saturating_sub(name.len() + VALUE);
    }

    pub(super) fn tags(&mut self, tags: &mut Map<String, String>) {
        first(tags, FIELDS);
        short_keys(tags, 32);
        self.entries(tags, |walk, tag| walk.text(tag, TAG));
    }

    /// Cuts a map of texts to `most` bytes in all.
    pub(super) fn strings(&mut self, strings: &mut Map<String, String>, most: usize) {
        first(strings, FIELDS);
        short_keys(strings, TAG);
        self.part(most, |part| part.entries(strings, |part, string| part.text(string, 1024)));
    }

    pub(super) fn facts(&mut self, facts: &mut Facts, most: usize) {
        first(facts, FIELDS);
        short_keys(facts, TAG);
        self.entries(facts, |walk, value| walk.json(value, most));
    }

    /// Cuts a value to so many bytes.
    pub(super) fn json(&mut self, json: &mut Value, most: usize) {
        self.part(most, |part| part.value(json, 0));
    }

    pub(super) fn list(&mut self, list: &mut Vec<Value>, most: usize) {
        list.truncate(FIELDS);
        self.part(most, |part| list.iter_mut().for_each(|value| part.value(value, 1)));
    }

    fn value(&mut self, json: &mut Value, depth: usize) {
        let room = self.has_room(VALUE);
        let deep = depth > DEPTH;
        match json {
            Value::String(text) => self.text(text, MESSAGE),
            Value::Array(items) if (!room || deep) && !items.is_empty() => {
                *json = left_out(items.len(), "items")
            }
            Value::Object(fields) if (!room || deep) && !fields.is_empty() => {
                *json = left_out(fields.len(), "fields")
            }
            Value::Array(items) => {
                let all = items.len();
                let mut taken = 0;
                items.retain_mut(|item| {
                    taken += 1;
                    let keep = taken <= FIELDS && self.left > 0;
                    if keep {
                        self.value(item, depth + 1);
                    }
                    keep
                });
                if items.len() < all {
                    items.push(left_out(all - items.len(), "more items"));
                }
            }
            Value::Object(fields) => self.fields(fields, depth),
            Value::Number(_) => self.left = self.left.saturating_sub(20),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn fields(&mut self, fields: &mut serde_json::Map<String, Value>, depth: usize) {
        let all = fields.len();
        let mut kept = serde_json::Map::new();
        for (mut name, mut value) in std::mem::take(fields) {
            if kept.len() == FIELDS || self.left == 0 {
                break;
            }
            cut(&mut name, TAG);
            self.left = self.left.saturating_sub(written(&name) + VALUE);
            self.value(&mut value, depth + 1);
            kept.insert(name, value);
        }
        if kept.len() < all {
            kept.insert("…".to_owned(), left_out(all - kept.len(), "more fields"));
        }
        *fields = kept;
    }

    pub(super) fn exceptions(&mut self, exceptions: &mut Vec<Exception>) {
        ends(exceptions, EXCEPTIONS);
        let last = exceptions.len().saturating_sub(1);
        for (at, exception) in exceptions.iter_mut().enumerate() {
            self.has_room(100);
            self.text(&mut exception.ty, TAG);
            let most = if at == 0 || at == last { MESSAGE } else { 1024 };
            exception.value.iter_mut().for_each(|value| self.text(value, most));
            exception.module.iter_mut().for_each(|module| self.text(module, TAG));
            if let Some(mechanism) = &mut exception.mechanism {
                self.text(&mut mechanism.ty, TAG);
                mechanism.description.iter_mut().for_each(|text| self.text(text, 512));
                self.part(1024, |part| part.facts(&mut mechanism.data, 1024));
            }
        }
    }

    pub(super) fn user(&mut self, user: &mut User) {
        for text in [&mut user.id, &mut user.email, &mut user.username].into_iter().flatten() {
            self.text(text, 128);
        }
        self.part(1024, |part| part.facts(&mut user.other, 512));
    }

    pub(super) fn request(&mut self, request: &mut Request, most: usize) {
        request.method.iter_mut().for_each(|method| self.text(method, 32));
        request.url = request.url.take().and_then(|url| self.url(url));
        request.query_string.iter_mut().for_each(|query| self.text(query, 1024));
        request.cookies.iter_mut().for_each(|cookies| self.text(cookies, 1024));
        self.strings(&mut request.headers, MESSAGE.min(most));
        self.strings(&mut request.env, 2048.min(most));
        request.data.iter_mut().for_each(|body| self.text(body, MESSAGE.min(most)));
    }

    /// Cuts path and query. A URL that is still too long is dropped.
    fn url(&mut self, mut url: Url) -> Option<Url> {
        let most = 1024 + self.window;
        if url.as_str().len() > most {
            url.set_fragment(None);
            let mut query = url.query().map(str::to_owned);
            query.iter_mut().for_each(|query| cut(query, 512 + self.window));
            url.set_query(query.as_deref());
            let mut path = url.path().to_owned();
            cut(&mut path, 256 + self.window);
            url.set_path(&path);
        }
        self.left = self.left.saturating_sub(url.as_str().len() + VALUE);
        (url.as_str().len() <= 2 * most).then_some(url)
    }

    pub(super) fn contexts(&mut self, contexts: &mut Map<String, Context>) {
        first(contexts, FIELDS);
        short_keys(contexts, TAG);
        self.entries(contexts, |walk, context| {
            walk.has_room(30);
            if let Context::Trace(trace) = context {
                trace.description.iter_mut().for_each(|text| walk.text(text, 1024));
            }
            facts_of(context).into_iter().for_each(|facts| walk.part(8192, |part| part.facts(facts, 8192)));
        });
    }

    /// Keeps the newest breadcrumbs, which are the last.
    pub(super) fn breadcrumbs(&mut self, crumbs: &mut Vec<Breadcrumb>) {
        let old = crumbs.len().saturating_sub(BREADCRUMBS);
        crumbs.drain(..old);
        let mut kept = 0;
        for crumb in crumbs.iter_mut().rev() {
            if !self.has_room(120) {
                break;
            }
            kept += 1;
            self.text(&mut crumb.ty, 32);
            crumb.category.iter_mut().for_each(|category| self.text(category, 128));
            crumb.message.iter_mut().for_each(|message| self.text(message, 1024));
            self.part(1024, |part| part.facts(&mut crumb.data, 1024));
        }
        crumbs.drain(..crumbs.len() - kept);
    }
}

/// The free data of a context. The SDK fills its other fields.
pub(crate) fn facts_of(context: &mut Context) -> Vec<&mut Facts> {
    match context {
        Context::Device(it) => vec![&mut it.other],
        Context::Os(it) => vec![&mut it.other],
        Context::Runtime(it) => vec![&mut it.other],
        Context::App(it) => vec![&mut it.other],
        Context::Browser(it) => vec![&mut it.other],
        Context::Trace(it) => vec![&mut it.data],
        Context::Gpu(it) => vec![&mut it.other],
        Context::Otel(it) => vec![&mut it.attributes, &mut it.resource, &mut it.other],
        Context::Other(facts) => vec![facts],
        _ => Vec::new(),
    }
}

/// The length of a text as JSON.
fn written(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

fn left_out(count: usize, what: &str) -> Value {
    format!("… ({count} {what})").into()
}

/// Keeps the first entries.
pub(super) fn first<V>(map: &mut Map<String, V>, most: usize) {
    if map.len() > most {
        let mut taken = 0;
        map.retain(|_, _| {
            taken += 1;
            taken <= most
        });
    }
}

fn short_keys<V>(map: &mut Map<String, V>, most: usize) {
    let long: Vec<_> = map.keys().filter(|key| key.len() > most).cloned().collect();
    for mut key in long {
        if let Some(value) = map.remove(&key) {
            cut(&mut key, most);
            map.insert(key, value);
        }
    }
}

/// Keeps so many items, half of them at each end, and returns where the others were.
pub(super) fn ends<T>(list: &mut Vec<T>, keep: usize) -> Option<usize> {
    let omitted = list.len().checked_sub(keep).filter(|omitted| *omitted > 0)?;
    let head = keep / 2;
    list.drain(head..head + omitted);
    Some(head)
}

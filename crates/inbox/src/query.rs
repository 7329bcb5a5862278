//! Search in [Sentry's words](https://docs.sentry.io/concepts/search/): `level:error !release:1.* user.id:"a b" some text`.
//!
//! Words with blanks between them must all fit. A value may have quotes, be a list (`[a, b]`), have `*` for any text, or
//! begin with `>`, `>=`, `<` or `<=`. Upper and lower case are the same.

mod pattern;
#[cfg(test)]
mod tests;

use crate::event_id::normalised;
use pattern::Pattern;

/// Longest search, bytes, and most words of it.
pub(crate) const MAX_LENGTH: usize = 1_000;
pub(crate) const MAX_TERMS: usize = 20;

/// Most values of a list.
const MAX_VALUES: usize = 20;

/// Why a search cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadQuery {
    #[error("a search may have at most {MAX_LENGTH} bytes")]
    Long,
    #[error("a search may have at most {MAX_TERMS} words")]
    Many,
    #[error("a list may have at most {MAX_VALUES} values")]
    Values,
    #[error("a quote has no end")]
    Quote,
    #[error("a list has no end")]
    List,
    #[error("`{0}:` has no value")]
    Empty(String),
}

/// What is looked for; nothing fits everything.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) terms: Vec<Term>,
}

/// One word of a search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    pub(crate) negated: bool,
    /// The field that has one of the values; none for free text.
    pub(crate) key: Option<String>,
    pub(crate) values: Vec<Pattern>,
}

/// Something that a search can find.
pub(crate) trait Searched {
    /// Whether a text that people see of it fits.
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool;

    /// Whether a value of a field fits.
    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool;
}

impl Query {
    /// Reads a search.
    pub(crate) fn parse(text: &str) -> Result<Self, BadQuery> {
        if text.len() > MAX_LENGTH {
            return Err(BadQuery::Long);
        }
        let mut reader = Reader { rest: text };
        let mut terms = Vec::new();
        while let Some(term) = reader.term()? {
            if terms.len() == MAX_TERMS {
                return Err(BadQuery::Many);
            }
            terms.push(term);
        }
        Ok(Self { terms })
    }

    pub(crate) fn fits(&self, subject: &impl Searched) -> bool {
        self.terms.iter().all(|term| term.fits(subject))
    }

    /// The words of these fields, and the others.
    pub(crate) fn split(self, of: impl Fn(&str) -> bool) -> (Self, Self) {
        let is = |term: &Term| term.key.as_deref().is_some_and(&of);
        let (these, others) = self.terms.into_iter().partition(is);
        (Self { terms: these }, Self { terms: others })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

impl Term {
    fn fits(&self, subject: &impl Searched) -> bool {
        let any = |text: &str, whole: bool| self.values.iter().any(|value| value.fits(text, whole));
        let fits = match self.key.as_deref() {
            None => subject.text(&|text| any(text, false)),
            Some("has") => self.values.iter().any(|key| subject.field(key.text(), &|text| !text.is_empty())),
            // A message is searched like text.
            Some("message") => subject.field("message", &|text| any(text, false)),
            Some(key) => subject.field(key, &|text| any(text, true)),
        };
        fits != self.negated
    }
}

/// Logs show ids with dashes; they are held without.
fn with_plain_ids(mut values: Vec<Pattern>) -> Vec<Pattern> {
    let dashed = values.iter().filter(|value| value.text().contains('-'));
    let plain: Vec<_> = dashed.filter_map(|it| normalised(it.text())).collect();
    values.extend(plain.iter().map(|id| Pattern::of(id, true)));
    values
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn term(&mut self) -> Result<Option<Term>, BadQuery> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let before = self.rest;
        let negated = self.eat('!');
        let Some(key) = self.key() else {
            // A lone `!` is text.
            if negated && (self.rest.is_empty() || self.rest.starts_with(char::is_whitespace)) {
                self.rest = before;
                let value = self.plain(char::is_whitespace);
                return Ok(Some(Term {
                    negated: false,
                    key: None,
                    values: vec![Pattern::of(&value, false)],
                }));
            }
            let value = self.value(char::is_whitespace)?;
            return Ok(Some(Term { negated, key: None, values: with_plain_ids(vec![value]) }));
        };
        let values = if self.eat('[') { self.list()? } else { vec![self.value(char::is_whitespace)?] };
        if values.iter().all(Pattern::is_empty) {
            return Err(BadQuery::Empty(key));
        }
        Ok(Some(Term { negated, key: Some(key), values: with_plain_ids(values) }))
    }

    /// The name of a field with the colon after it.
    fn key(&mut self) -> Option<String> {
        let end = self.rest.find(|it: char| !it.is_alphanumeric() && !"._-".contains(it))?;
        let key = self.rest.get(..end).filter(|key| !key.is_empty() && self.rest[end..].starts_with(':'))?;
        // An address is text: `http://…`.
        if self.rest[end + 1..].starts_with("//") {
            return None;
        }
        let key = key.to_ascii_lowercase();
        self.rest = &self.rest[end + 1..];
        Some(key)
    }

    fn list(&mut self) -> Result<Vec<Pattern>, BadQuery> {
        let mut values = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.eat(']') {
                return Ok(values);
            }
            if self.rest.is_empty() {
                return Err(BadQuery::List);
            }
            if values.len() == MAX_VALUES {
                return Err(BadQuery::Values);
            }
            values.push(self.value(|it| it == ',' || it == ']')?);
            self.rest = self.rest.trim_start();
            self.eat(',');
        }
    }

    /// Up to what ends it, or what is between quotes.
    fn value(&mut self, ends: impl Fn(char) -> bool) -> Result<Pattern, BadQuery> {
        if self.eat('"') {
            return self.quoted().map(|text| Pattern::of(&text, true));
        }
        let text = self.plain(ends);
        Ok(Pattern::of(text.trim_end(), false))
    }

    fn plain(&mut self, ends: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text.to_owned()
    }

    fn quoted(&mut self) -> Result<String, BadQuery> {
        let mut text = String::new();
        let mut rest = self.rest.chars();
        while let Some(next) = rest.next() {
            match next {
                '"' => {
                    self.rest = rest.as_str();
                    return Ok(text);
                }
                '\\' => text.extend(rest.next()),
                other => text.push(other),
            }
        }
        Err(BadQuery::Quote)
    }

    fn eat(&mut self, what: char) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

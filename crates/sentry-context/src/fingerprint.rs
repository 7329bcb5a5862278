//! Grouping rules in the grammar of Sentry's own
//! [fingerprint rules](https://docs.sentry.io/concepts/data-management/event-grouping/fingerprint-rules/):
//!
//! ```text
//! # one issue per service and error type
//! error.type:*Error tags.service:game-engine -> {{ tags.service }}, {{ error.type }}
//! message:"Memory grew*"                     -> {{ tags.service }}, memory-leak
//! ```
//!
//! The first rule whose matchers all match decides; an event that none matches keeps Sentry's default.

mod event;
mod parse;

use std::str::FromStr;

use sentry::protocol::Event;
use wildmatch::WildMatch;

pub use parse::RuleError;

/// An ordered list of rules. Made by [`str::parse`].
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Rule>);

/// One line: what it matches and what the fingerprint becomes.
#[derive(Debug, Clone)]
struct Rule {
    matchers: Vec<Matcher>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Matcher {
    field: Field,
    pattern: WildMatch,
    negated: bool,
}

/// A fact of an event, as matcher or as variable.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    ErrorType,
    ErrorValue,
    Message,
    Logger,
    Level,
    Release,
    Transaction,
    Tag(String),
    Function,
    Module,
    App,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    /// `{{ default }}` stays as it is: the server replaces it.
    Default,
    Variable(Field),
}

impl Rules {
    /// The fingerprint of the first rule that matches.
    pub fn fingerprint(&self, event: &Event<'_>) -> Option<Vec<String>> {
        let rule = self.0.iter().find(|rule| rule.matches(event))?;
        Some(rule.parts.iter().map(|part| part.expand(event)).collect())
    }
}

impl FromStr for Rules {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse::rules(text).map(Self)
    }
}

impl Rule {
    /// Frame matchers must hold for one and the same frame, the others for the event.
    fn matches(&self, event: &Event<'_>) -> bool {
        let (frames, whole): (Vec<_>, Vec<_>) = self.matchers.iter().partition(|m| m.field.is_of_a_frame());
        whole.iter().all(|matcher| matcher.matches(&event::values(event, &matcher.field)))
            && (frames.is_empty()
                || event::frames(event).any(|frame| {
                    frames.iter().all(|matcher| matcher.matches(&[event::of_frame(frame, &matcher.field)]))
                }))
    }
}

impl Matcher {
    fn matches(&self, values: &[&str]) -> bool {
        values.iter().any(|value| self.pattern.matches(value)) != self.negated
    }
}

impl Field {
    fn is_of_a_frame(&self) -> bool {
        matches!(self, Self::Function | Self::Module | Self::App)
    }
}

impl Part {
    fn expand(&self, event: &Event<'_>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Default => "{{ default }}".to_owned(),
            Self::Variable(field) => event::variable(event, field),
        }
    }
}

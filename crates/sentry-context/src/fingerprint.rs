//! Grouping rules in the grammar of Sentry's own
//! [fingerprint rules](https://docs.sentry.io/concepts/data-management/event-grouping/fingerprint-rules/):
//!
//! ```text
//! # one issue per service and error type
//! error.type:*Error tags.service:shop -> {{ tags.service }}, {{ error.type }}
//! message:"Memory grew*"                     -> {{ tags.service }}, memory-leak title="A leak in {{ tags.service }}"
//! ```
//!
//! The first rule whose matchers all match decides; an event that none matches keeps Sentry's default.
//!
//! - Matchers: `error.type`, `error.value`, `stack.function`, `stack.module`, `stack.package`, `stack.abs_path` (and, as
//!   in Sentry, `type`, `value`, `function`, `module`, `package`, `path` for short), `message`, `logger`, `level`,
//!   `release`, `sdk`, `family`, `app`, `category`, `thread.…`, `tags.NAME`, and `transaction`, which Sentry's settings
//!   know as `tags.transaction`. `!` before one negates it.
//! - Patterns: `*`, `?`, `[a-z]`, `{a,b}`; a backslash takes the meaning from what follows. In paths, packages and
//!   releases `*` is no slash, and `**` between slashes is any number of parts.
//! - Variables: `{{ default }}` and `{{ … }}` around the names of facts, also next to text: `logger-{{ logger }}` is a
//!   fingerprint of two parts.
//! - As in Sentry, `error.type` and `error.value` must hold for one and the same exception of the chain, matchers of the
//!   stack for one and the same frame; `message` looks at the exceptions' values, too.
//! - As in Sentry, upper and lower case are the same in `message`, `error.value`, `level`, `release`, paths and packages.
//! - Unlike Sentry, which takes both for text: a comment behind a rule and an unknown variable are refused.

mod cursor;
mod event;
mod field;
mod glob;
mod parse;
mod text;

use std::fmt;
use std::str::FromStr;

use sentry::protocol::Event;

use event::Candidate;
use field::{Field, Place};
use glob::Glob;

pub use parse::RuleError;

/// An ordered list of rules. Made by [`str::parse`]; written by `Display` as rules that mean the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules(Vec<Rule>);

/// One line: what it matches, and what fingerprint and title become.
#[derive(Debug, Clone)]
struct Rule {
    /// Line in the file, from 1.
    line: usize,
    matchers: Vec<Matcher>,
    parts: Vec<Part>,
    /// Texts and variables in a row.
    title: Option<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Matcher {
    field: Field,
    negated: bool,
    /// Is its name written in quotes?
    quoted_key: bool,
    glob: Glob,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    /// `{{ default }}` stays as it is: the server replaces it.
    Default,
    Variable(Field),
}

/// What a rule makes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Line of the rule, from 1.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// The fingerprint, part by part.
    pub fingerprint: Vec<String>,
    /// The issue's title, where the rule has one. Only a server's own rules can set it.
    pub title: Option<String>,
}

/// Why a rule does not match an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Line of the rule, from 1.
    pub line: usize,
    /// The matchers that nothing in the event fulfils.
    pub wanted: String,
    /// What the event has in their place.
    pub found: Vec<String>,
}

impl Rules {
    /// The fingerprint of the first rule that matches.
    pub fn fingerprint(&self, event: &Event<'static>) -> Option<Vec<String>> {
        Some(self.group(event)?.fingerprint)
    }

    /// What the first rule that matches makes of the event.
    pub fn group(&self, event: &Event<'static>) -> Option<Grouping> {
        let rule = self.0.iter().find(|rule| rule.mismatch(event).is_none())?;
        let expand = |parts: &[Part]| parts.iter().map(|part| part.expand(event)).collect::<Vec<_>>();
        Some(Grouping {
            line: rule.line,
            rule: rule.to_string(),
            fingerprint: expand(&rule.parts),
            title: rule.title.as_deref().map(|title| expand(title).concat()),
        })
    }

    /// Why each rule that does not match does not, in order.
    pub fn mismatches(&self, event: &Event<'static>) -> Vec<Mismatch> {
        self.0.iter().filter_map(|rule| rule.mismatch(event)).collect()
    }
}

impl FromStr for Rules {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse::rules(text).map(Self)
    }
}

/// Where a rule stands does not change what it means.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        (&self.matchers, &self.parts, &self.title) == (&other.matchers, &other.parts, &other.title)
    }
}

impl Rule {
    /// The matchers of each place must hold together for one thing in that place.
    fn mismatch(&self, event: &Event<'static>) -> Option<Mismatch> {
        Place::ALL.into_iter().find_map(|place| {
            let wanted: Vec<_> = self.matchers.iter().filter(|it| it.field.place() == place).collect();
            let candidates = event::candidates(event, place);
            let fits = |candidate: &Candidate<'_>| wanted.iter().all(|matcher| matcher.fits(candidate));
            let held = wanted.is_empty() || candidates.iter().any(fits);
            (!held).then(|| Mismatch {
                line: self.line,
                wanted: text::join(&wanted),
                found: found(&wanted, &candidates),
            })
        })
    }
}

fn found(wanted: &[&Matcher], candidates: &[Candidate<'_>]) -> Vec<String> {
    let values = |candidate: &Candidate<'_>| {
        let values =
            wanted.iter().map(|matcher| candidate.value(&matcher.field).unwrap_or_default().into_owned());
        values.collect::<Vec<_>>().join(" ")
    };
    let mut found: Vec<String> =
        candidates.iter().map(values).filter(|found| !found.trim().is_empty()).collect();
    found.dedup();
    found
}

impl Matcher {
    fn fits(&self, candidate: &Candidate<'_>) -> bool {
        candidate.values(&self.field).any(|value| self.is_met_by(&value)) != self.negated
    }

    fn is_met_by(&self, value: &str) -> bool {
        let wanted = self.glob.text();
        if self.field.is_truth() {
            field::truth(wanted) == field::truth(value)
        } else if self.field.is_word() {
            wanted.split(',').any(|word| word == value || word == "all")
        } else {
            self.glob.matches(value)
        }
    }
}

impl Part {
    fn expand(&self, event: &Event<'static>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Default => "{{ default }}".to_owned(),
            Self::Variable(field) => event::variable(event, field),
        }
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

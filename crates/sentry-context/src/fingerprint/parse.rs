//! From text to rules, with errors that name line and column.

use wildmatch::WildMatch;

use super::{Field, Matcher, Part, Rule};

/// A line that is no rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {problem}")]
pub struct RuleError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
}

type Parsed<T> = Result<T, (usize, String)>;

pub(super) fn rules(text: &str) -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut cursor = Cursor { line, at: 0 };
        rules.push(cursor.rule().map_err(|(at, problem)| RuleError {
            line: index + 1,
            column: line[..at].chars().count() + 1,
            problem,
        })?);
    }
    Ok(rules)
}

/// A place in a line; `at` is always on a character boundary.
struct Cursor<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Cursor<'l> {
    fn rule(&mut self) -> Parsed<Rule> {
        let mut matchers = Vec::new();
        loop {
            self.skip_blanks();
            if self.take("->") {
                break;
            }
            if self.rest().is_empty() {
                return self.fail("expected `->` and the fingerprint");
            }
            matchers.push(self.matcher()?);
        }
        if matchers.is_empty() {
            return self.fail("expected a matcher such as error.type:ValueError before `->`");
        }
        Ok(Rule { matchers, parts: self.parts()? })
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        let negated = self.take("!");
        let start = self.at;
        let name = self.word(|c| c.is_whitespace() || c == ':')?;
        let Some(field) = Field::named(&name).filter(|_| name != "function") else {
            return Err((start, format!("unknown matcher `{name}`")));
        };
        if !self.take(":") {
            return self.fail("expected `:` and a pattern");
        }
        let pattern = self.word(char::is_whitespace)?;
        Ok(Matcher { field, pattern: WildMatch::new(&pattern), negated })
    }

    fn parts(&mut self) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            if self.rest().is_empty() {
                return if parts.is_empty() {
                    self.fail("expected a fingerprint after `->`")
                } else {
                    Ok(parts)
                };
            }
            if self.take("title=") {
                // A title is for Sentry's list; it is checked here and has no part in grouping.
                self.word(|c| c.is_whitespace() || c == ',')?;
                continue;
            }
            parts.push(self.part()?);
            self.skip_blanks();
            self.take(",");
        }
    }

    fn part(&mut self) -> Parsed<Part> {
        let start = self.at;
        if !self.take("{{") {
            return Ok(Part::Text(self.word(|c| c.is_whitespace() || c == ',')?));
        }
        let Some(length) = self.rest().find("}}") else {
            return Err((start, "`{{` without `}}`".to_owned()));
        };
        let name = self.rest()[..length].trim();
        self.at += length + 2;
        match Field::named(name) {
            _ if name == "default" => Ok(Part::Default),
            Some(field) if field != Field::App => Ok(Part::Variable(field)),
            _ => Err((start, format!("unknown variable `{name}`"))),
        }
    }

    /// A quoted text, or one that ends before `stop`.
    fn word(&mut self, stop: impl Fn(char) -> bool) -> Parsed<String> {
        let start = self.at;
        if self.take("\"") {
            let Some(length) = self.rest().find('"') else {
                return Err((start, "a quote that is not closed".to_owned()));
            };
            let word = self.rest()[..length].to_owned();
            self.at += length + 1;
            return Ok(word);
        }
        let length = self.rest().find(stop).unwrap_or(self.rest().len());
        if length == 0 {
            return self.fail("expected a value");
        }
        let word = self.rest()[..length].to_owned();
        self.at += length;
        Ok(word)
    }

    fn rest(&self) -> &'l str {
        &self.line[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn fail<T>(&self, problem: &str) -> Parsed<T> {
        Err((self.at, problem.to_owned()))
    }
}

impl Field {
    /// By the name that rules use; `None` for an unknown one.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "error.type" | "type" => Self::ErrorType,
            "error.value" | "value" => Self::ErrorValue,
            "message" => Self::Message,
            "logger" => Self::Logger,
            "level" => Self::Level,
            "release" => Self::Release,
            "transaction" => Self::Transaction,
            "stack.function" | "function" => Self::Function,
            "stack.module" | "module" => Self::Module,
            "app" => Self::App,
            _ => Self::Tag(name.strip_prefix("tags.").filter(|tag| !tag.is_empty())?.to_owned()),
        })
    }
}

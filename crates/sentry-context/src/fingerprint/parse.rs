//! From text to rules, with errors that name line and column.

use wildmatch::WildMatch;

use super::field::{Field, truth};
use super::{Matcher, Part, Rule};

/// A line that is no rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {problem}")]
pub struct RuleError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what is allowed.
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
        rules.push(cursor.rule(index + 1).map_err(|(at, problem)| RuleError {
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
    fn rule(&mut self, line: usize) -> Parsed<Rule> {
        let mut matchers = Vec::new();
        while !self.take_after_blanks("->") {
            if self.rest().is_empty() {
                return self
                    .fail("expected `->` and the fingerprint, as in `error.type:KeyError -> key-errors`");
            }
            matchers.push(self.matcher()?);
        }
        if matchers.is_empty() {
            return self.fail("expected a matcher such as error.type:ValueError before `->`");
        }
        let mut rule = Rule { line, matchers, parts: Vec::new(), title: None };
        self.fingerprint(&mut rule)?;
        Ok(rule)
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        let negated = self.take("!");
        let start = self.at;
        let name = self.word("a matcher", |c| c.is_whitespace() || c == ':')?;
        let Some(field) = Field::named(&name) else {
            return Err((start, format!("unknown matcher `{name}`; there are {}", Field::names())));
        };
        if !self.take(":") {
            return self.fail(&format!("expected `:` and a pattern after `{name}`"));
        }
        let start = self.at;
        let text = self.word("a pattern", char::is_whitespace)?;
        if field == Field::App && truth(&text).is_none() {
            return Err((start, format!("app is yes or no, not `{text}`")));
        }
        let pattern =
            if field.ignores_case() { WildMatch::new_case_insensitive(&text) } else { WildMatch::new(&text) };
        Ok(Matcher { field, negated, text, pattern })
    }

    fn fingerprint(&mut self, rule: &mut Rule) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if self.rest().is_empty() && rule.parts.is_empty() {
                return self.fail("expected a fingerprint after `->`, such as `{{ default }}` or a name");
            } else if self.rest().is_empty() {
                return Ok(());
            } else if rule.title.is_none() && self.take("title=") {
                rule.title = Some(self.title()?);
            } else {
                rule.parts.push(self.part()?);
            }
            self.take_after_blanks(",");
        }
    }

    fn part(&mut self) -> Parsed<Part> {
        let start = self.at;
        if self.rest().starts_with('#') {
            return self
                .fail("a comment has a line of its own; write \"#…\" for a part that starts with `#`");
        }
        let bare = !self.rest().starts_with('"');
        let text = if self.rest().starts_with("{{") {
            self.braces()?
        } else {
            self.word("a part of the fingerprint", |c| c.is_whitespace() || c == ',')?
        };
        if let Some(name) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            return variable(name.trim()).map_err(|problem| (start, problem));
        }
        if text.contains("{{") {
            return Err((start, "a variable is a part of its own; put a comma before `{{`".to_owned()));
        }
        if bare && text.contains('=') {
            return Err((start, format!("`{text}` is no part: the only attribute is one title=\"…\"")));
        }
        Ok(Part::Text(text))
    }

    /// From `{{` to `}}`.
    fn braces(&mut self) -> Parsed<String> {
        let Some(length) = self.rest().find("}}") else { return self.fail("`{{` without `}}`") };
        let text = self.rest()[..length + 2].to_owned();
        self.at += length + 2;
        Ok(text)
    }

    /// A quoted text with variables anywhere in it.
    fn title(&mut self) -> Parsed<Vec<Part>> {
        let start = self.at;
        if !self.rest().starts_with('"') {
            return self.fail("a title is quoted: title=\"…\"");
        }
        let text = self.word("a title", char::is_whitespace)?;
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err((start, "`{{` without `}}` in the title".to_owned()));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(variable(name.trim()).map_err(|problem| (start, problem))?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(parts)
    }

    /// A quoted text, or one that ends before `stop`.
    fn word(&mut self, what: &str, stop: impl Fn(char) -> bool) -> Parsed<String> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let length = self.rest().find(stop).unwrap_or(self.rest().len());
        if length == 0 {
            return self.fail(&format!("expected {what}"));
        }
        let word = self.rest()[..length].to_owned();
        self.at += length;
        Ok(word)
    }

    fn quoted(&mut self) -> Parsed<String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => return Err((self.at + at, r#"after `\` only `"` or `\` may follow"#.to_owned())),
                },
                c => text.push(c),
            }
        }
        self.fail("a quote that is not closed")
    }

    fn rest(&self) -> &'l str {
        &self.line[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    fn take_after_blanks(&mut self, token: &str) -> bool {
        self.skip_blanks();
        self.take(token)
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

fn variable(name: &str) -> Result<Part, String> {
    match Field::named(name) {
        _ if name == "default" => Ok(Part::Default),
        Some(field) if field != Field::App => Ok(Part::Variable(field)),
        _ => Err(format!(
            "unknown variable `{name}`; there are default, {}",
            Field::names().replace(", app", "")
        )),
    }
}

//! From text to rules, with errors that name line and column. What a server refuses is refused here; so are a comment
//! behind a rule and an unknown variable, which a server takes for parts of the fingerprint.

use super::cursor::{Cursor, Parsed, is_space};
use super::field::{Field, truth};
use super::glob::Glob;
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

pub(super) fn rules(text: &str) -> Result<Vec<Rule>, RuleError> {
    // Each of them ends a line.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut rules = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let rest = line.trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        let mut cursor = Cursor::new(line);
        rules.push(rule(&mut cursor, index + 1).map_err(|(at, problem)| RuleError {
            line: index + 1,
            column: line[..at].chars().count() + 1,
            problem,
        })?);
    }
    Ok(rules)
}

fn rule(cursor: &mut Cursor<'_>, line: usize) -> Parsed<Rule> {
    let mut matchers = Vec::new();
    while !cursor.take_after_blanks("->") {
        if cursor.rest().is_empty() {
            return cursor
                .fail("expected `->` and the fingerprint, as in `error.type:KeyError -> key-errors`");
        }
        matchers.push(matcher(cursor)?);
    }
    if matchers.is_empty() {
        return cursor.fail("expected a matcher such as error.type:ValueError before `->`");
    }
    let mut rule = Rule { line, matchers, parts: Vec::new(), title: None };
    fingerprint(cursor, &mut rule)?;
    Ok(rule)
}

fn matcher(cursor: &mut Cursor<'_>) -> Parsed<Matcher> {
    let negated = cursor.take("!");
    let start = cursor.at;
    let quoted_key = cursor.rest().starts_with('"');
    let name = cursor.key()?;
    let Some(field) = Field::matcher(&name) else {
        return Err((start, format!("unknown matcher `{name}`; there are {}", Field::matchers())));
    };
    if !cursor.take(":") {
        return cursor.fail(&format!("expected `:` and a pattern after `{name}`"));
    }
    let start = cursor.at;
    let text = cursor.word("a pattern")?;
    if field.is_truth() && truth(&text).is_none() {
        return Err((start, format!("{name} is yes or no, not `{text}`")));
    }
    let glob = Glob::new(text, field.style());
    Ok(Matcher { field, negated, quoted_key, glob })
}

fn fingerprint(cursor: &mut Cursor<'_>, rule: &mut Rule) -> Parsed<()> {
    loop {
        cursor.skip_blanks();
        if cursor.rest().is_empty() && rule.parts.is_empty() {
            return cursor.fail("expected a fingerprint after `->`, such as `{{ default }}` or a name");
        } else if cursor.rest().is_empty() {
            return Ok(());
        }
        let start = cursor.at + "title=".len();
        match cursor.attribute()? {
            // As in Sentry, the last one counts.
            Some(title) => rule.title = Some(title_of(&title).map_err(|problem| (start, problem))?),
            None => rule.parts.push(part(cursor)?),
        }
        cursor.take_after_blanks(",");
    }
}

fn part(cursor: &mut Cursor<'_>) -> Parsed<Part> {
    let start = cursor.at;
    if cursor.rest().starts_with('#') {
        return cursor.fail("a comment has a line of its own; write \"#…\" for a part that starts with `#`");
    }
    let text = if cursor.rest().starts_with('{') { cursor.braces()? } else { cursor.part()? };
    match variable_of(&text) {
        Some(name) => variable(name).map_err(|problem| (start, problem)),
        None => Ok(Part::Text(text)),
    }
}

/// The name in a text that is exactly `{{ name }}`.
fn variable_of(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?.trim_matches(is_space);
    (!name.is_empty() && !name.contains(is_space)).then_some(name)
}

/// A text with variables anywhere in it.
fn title_of(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            return Err("`{{` without `}}` in the title".to_owned());
        };
        parts.push(Part::Text(before.to_owned()));
        parts.push(variable(name.trim())?);
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

fn variable(name: &str) -> Result<Part, String> {
    match Field::variable(name) {
        _ if name == "default" => Ok(Part::Default),
        Some(field) if !name.contains(is_space) => Ok(Part::Variable(field)),
        _ => Err(format!("unknown variable `{name}`; there are default, {}", Field::variables())),
    }
}

//! From rules to text that parses to the same rules.

use std::fmt;

use super::{Matcher, Part, Rule};

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(ToString::to_string).collect();
        let matchers: Vec<_> = self.matchers.iter().collect();
        write!(f, "{} -> {}", join(&matchers), parts.join(", "))?;
        let Some(title) = &self.title else { return Ok(()) };
        let template = title.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            variable => variable.to_string(),
        });
        write!(f, " title={}", quoted(&template.collect::<String>()))
    }
}

/// Matchers as they stand in a rule.
pub(super) fn join(matchers: &[&Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (not, name) = (if self.negated { "!" } else { "" }, self.field.name());
        let name = if self.quoted_key { quoted(&name) } else { name };
        write!(f, "{not}{name}:{}", plain_or_quoted(self.glob.text()))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&plain_or_quoted(text)),
            Self::Default => f.write_str("{{ default }}"),
            Self::Variable(field) => write!(f, "{{{{ {} }}}}", field.name()),
        }
    }
}

fn plain_or_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-*?/@".contains(c);
    // Two of these characters in a row could be the arrow's start.
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '\\' | '"' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

//! Patterns as a Sentry server reads them: it makes them with this very library.

use globset::GlobBuilder;
use regex::bytes::{Regex, RegexBuilder};

/// Memory that one compiled pattern may take, bytes.
const SIZE_LIMIT: usize = 1024 * 1024;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Upper and lower case differ; `*` is anything.
    Exact,
    /// Upper and lower case are the same.
    AnyCase,
    /// The same, of a path: `*` is anything but a slash, `**` between slashes is any number of parts,
    /// and a backslash is a slash.
    Path,
}

/// A pattern: `*`, `?`, `[a-z]`, `{a,b}`; a backslash takes its meaning from the next character.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    text: String,
    style: Style,
    /// `None` if the pattern is none, as `[a`: it matches nothing.
    regex: Option<Regex>,
}

impl Glob {
    pub(super) fn new(text: String, style: Style) -> Self {
        let regex = compile(&text, style);
        Self { text, style, regex }
    }

    /// As written, without quotes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        let Some(regex) = &self.regex else { return false };
        if self.style != Style::Path {
            return regex.is_match(value.as_bytes());
        }
        let value = value.replace('\\', "/");
        regex.is_match(value.as_bytes())
            || (!value.starts_with('/') && regex.is_match(format!("/{value}").as_bytes()))
    }
}

fn compile(text: &str, style: Style) -> Option<Regex> {
    let path = style == Style::Path;
    let text = if path { text.replace('\\', "/") } else { text.to_owned() };
    let glob = GlobBuilder::new(&text)
        .case_insensitive(style != Style::Exact)
        .literal_separator(path)
        .backslash_escape(true)
        .build()
        .ok()?;
    RegexBuilder::new(glob.regex()).dot_matches_new_line(true).size_limit(SIZE_LIMIT).build().ok()
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.style) == (&other.text, other.style)
    }
}

//! What a value must be.

use std::cmp::Ordering;

/// A value that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    /// In lower case.
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    /// `*` stands for any text.
    Glob,
    /// A number that is compared so.
    Number(Comparison, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    More,
    MoreOrEqual,
    Less,
    LessOrEqual,
}

const COMPARISONS: [(&str, Comparison); 4] = [
    (">=", Comparison::MoreOrEqual),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::More),
    ("<", Comparison::Less),
];

impl Pattern {
    /// A quoted text is nothing but text.
    pub(super) fn of(text: &str, quoted: bool) -> Self {
        let kind = match number(text).filter(|_| !quoted) {
            Some((comparison, number)) => Kind::Number(comparison, number),
            None if text.contains('*') => Kind::Glob,
            None => Kind::Text,
        };
        Self { text: text.to_lowercase(), kind }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether a text is this value, or has it somewhere.
    pub(super) fn fits(&self, text: &str, whole: bool) -> bool {
        match self.kind {
            Kind::Number(comparison, number) if whole => {
                text.parse().ok().and_then(|it: f64| it.partial_cmp(&number)).is_some_and(|order| {
                    match comparison {
                        Comparison::More => order == Ordering::Greater,
                        Comparison::MoreOrEqual => order != Ordering::Less,
                        Comparison::Less => order == Ordering::Less,
                        Comparison::LessOrEqual => order != Ordering::Greater,
                    }
                })
            }
            Kind::Glob => {
                let text = text.to_lowercase();
                if whole { glob(&self.text, &text) } else { glob(&format!("*{}*", self.text), &text) }
            }
            Kind::Text | Kind::Number(..) if whole => text.to_lowercase() == self.text,
            Kind::Text | Kind::Number(..) => text.to_lowercase().contains(&self.text),
        }
    }
}

fn number(text: &str) -> Option<(Comparison, f64)> {
    let (sign, comparison) = COMPARISONS.into_iter().find(|(sign, _)| text.starts_with(sign))?;
    Some((comparison, text[sign.len()..].parse().ok()?))
}

/// Each piece between two `*` is found after the one before, the first at the start and the last at the end.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

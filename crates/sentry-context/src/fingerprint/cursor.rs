//! The words of a line.

/// A word, or where it should be and what is wrong.
pub(super) type Parsed<T> = Result<T, (usize, String)>;

/// A place in a line; `at` is always on a character boundary.
pub(super) struct Cursor<'l> {
    line: &'l str,
    pub(super) at: usize,
}

/// White space as a server sees it: between words only blanks may stand, but all of it ends a word.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

impl<'l> Cursor<'l> {
    pub(super) fn new(line: &'l str) -> Self {
        Self { line, at: 0 }
    }

    /// The name of a matcher; in quotes it may have colons.
    pub(super) fn key(&mut self) -> Parsed<String> {
        let Some(quoted) = self.rest().strip_prefix('"') else {
            return self.until("a matcher", |c| !is_key(c));
        };
        let length = quoted.find(|c| !is_key(c) && c != ':').unwrap_or(quoted.len());
        if length == 0 || !quoted[length..].starts_with('"') {
            return self.fail(
                "a quoted matcher has letters, digits, `_`, `.`, `:` and `-` only, and ends with a quote",
            );
        }
        self.at += length + 2;
        Ok(quoted[..length].to_owned())
    }

    /// A quoted text, or one that ends before white space.
    pub(super) fn word(&mut self, what: &str) -> Parsed<String> {
        if self.rest().starts_with('"') { self.quoted() } else { self.until(what, is_space) }
    }

    /// A part of a fingerprint that is no variable.
    pub(super) fn part(&mut self) -> Parsed<String> {
        let ends = |c| is_space(c) || c == ',' || c == '{';
        if self.rest().starts_with('"') {
            self.quoted()
        } else {
            self.until("a part of the fingerprint", ends)
        }
    }

    /// The text of `title="…"`, if that comes next.
    pub(super) fn attribute(&mut self) -> Parsed<Option<String>> {
        let length = self.rest().find(|c| !is_key(c)).unwrap_or(0);
        let (name, rest) = self.rest().split_at(length);
        if name.is_empty() || !rest.starts_with("=\"") {
            return Ok(None);
        }
        if name != "title" {
            return self.fail(&format!("unknown attribute `{name}`: the only one is title=\"…\""));
        }
        self.at += length + 1;
        self.quoted().map(Some)
    }

    /// `{{ name }}`.
    pub(super) fn braces(&mut self) -> Parsed<String> {
        let Some(inner) = self.rest().strip_prefix("{{") else {
            return self.fail("a brace that begins no variable stands in quotes: \"{…\"");
        };
        let name = inner.trim_start_matches(is_space);
        let length = name.find(is_space).unwrap_or(name.len());
        let after = name[length..].trim_start_matches(is_space);
        let end = match after.strip_prefix("}}") {
            Some(rest) if length > 0 => self.rest().len() - rest.len(),
            // Without a blank, the braces are at the end of the word.
            _ => match name[..length].rfind("}}") {
                Some(braces) if braces > 0 => self.rest().len() - name.len() + braces + 2,
                _ => return self.fail("`{{` without a name and `}}`"),
            },
        };
        let text = self.rest()[..end].to_owned();
        self.at += end;
        Ok(text)
    }

    fn until(&mut self, what: &str, ends: impl Fn(char) -> bool) -> Parsed<String> {
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        if length > 0 {
            let word = self.rest()[..length].to_owned();
            self.at += length;
            return Ok(word);
        }
        match self.rest().chars().next().filter(|c| is_space(*c) && *c != ' ') {
            Some(space) => {
                self.fail(&format!("expected {what}; only blanks may stand before it, not {space:?}"))
            }
            None => self.fail(&format!("expected {what}")),
        }
    }

    fn quoted(&mut self) -> Parsed<String> {
        let inner = &self.rest()[1..];
        let mut escaped = false;
        let end = inner.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else { return self.fail("a quote that is not closed") };
        self.at += end + 2;
        Ok(unescaped(&inner[..end]))
    }

    pub(super) fn rest(&self) -> &'l str {
        &self.line[self.at..]
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.line.len() - self.rest().trim_start_matches(' ').len();
    }

    pub(super) fn take_after_blanks(&mut self, token: &str) -> bool {
        self.skip_blanks();
        self.take(token)
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn fail<T>(&self, problem: &str) -> Parsed<T> {
        Err((self.at, problem.to_owned()))
    }
}

/// A quoted text as Python reads it, in which the server is written. A backslash before anything else stays, so that
/// `\*` is still there for the pattern.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match escape(rest) {
            Some((c, length)) => {
                plain.push(c);
                rest = &rest[length..];
            }
            None => plain.push('\\'),
        }
    }
    plain + rest
}

/// What an escape stands for, and its length without the backslash.
fn escape(rest: &str) -> Option<(char, usize)> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let hex = |length: usize| {
        let digits =
            rest.get(1..=length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some((number(digits, 16)?, length + 1))
    };
    let first = rest.chars().next()?;
    match first {
        '\\' | '"' | '\'' => Some((first, 1)),
        'a' => Some(('\u{7}', 1)),
        'b' => Some(('\u{8}', 1)),
        'f' => Some(('\u{c}', 1)),
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        'v' => Some(('\u{b}', 1)),
        '0'..='7' => {
            let length = rest.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            Some((number(&rest[..length], 8)?, length))
        }
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        _ => None,
    }
}

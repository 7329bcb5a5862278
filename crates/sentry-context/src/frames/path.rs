//! Names of functions in one form, whatever mangling the compiler used.
//!
//! | mangled as `legacy` | mangled as `v0` | here |
//! |---|---|---|
//! | `a::B<T>::c` | `<a::B<u8>>::c` | `a::B::c` |
//! | `a::c::{{closure}}` | `a::c::<u8>::{closure#0}` | `a::c::{{closure}}` |
//! | `d::<impl a::B>::c` | `<a::B>::c` | `a::B::c` |
//! | `<a::B<T> as core::X>::c` | `<a::B<u8> as core::X>::c` | `<a::B as core::X>::c` |
//! | `<T as a::X>::c`, `a::X::c` | `<a::B as a::X>::c` | `a::X::c` |
//!
//! The last line is about a trait's own code, which `legacy` names by the parameter or not at all: it is left out
//! where code and trait are of one crate.

/// Longer names are cut.
const LONGEST: usize = 4096;

/// A function's name in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// The type for which a trait is implemented, if it is a method of one.
    implementor: Option<String>,
    /// The trait, the type with the method, or all of the path.
    path: String,
    /// What follows a trait or a type: the method, and what is within it.
    rest: String,
}

impl Path {
    pub(super) fn parse(demangled: &str) -> Self {
        let name = without_hash(cut(demangled));
        if let Some(at) = name.find("<impl ") {
            let (inside, rest) = bracketed(&name[at..]);
            let inside = inside.trim_start_matches("impl ");
            let (of, implementor) = split_outside(inside, " for ");
            return Self::of(implementor, of, rest);
        }
        if name.starts_with('<') {
            let (inside, rest) = bracketed(name);
            return match split_outside(inside, " as ") {
                (implementor, Some(of)) => Self::of(Some(implementor), of, rest),
                (of, None) => Self::of(None, of, rest),
            };
        }
        Self::of(None, name, "")
    }

    fn of(implementor: Option<&str>, path: &str, rest: &str) -> Self {
        Self { implementor: implementor.map(plain), path: plain(path), rest: plain(rest) }
    }

    /// The crate whose code it is, as far as the name says: a trait of another crate is implemented by the type's.
    pub(super) fn krate(&self) -> &str {
        let of = first(&self.path);
        match self.implementor.as_deref().map(segment) {
            Some((own, more)) if more.starts_with("::") && (is_std(of) || !is_std(own)) => own,
            _ => of,
        }
    }

    /// The crate that the trait, or the whole path, begins with.
    pub(super) fn trait_crate(&self) -> &str {
        first(&self.path)
    }

    /// The name, of code in that crate.
    pub(super) fn description(&self, krate: &str) -> String {
        let name = match &self.implementor {
            Some(implementor) if first(&self.path) != krate => {
                format!("<{implementor} as {}>{}", self.path, self.rest)
            }
            _ => format!("{}{}", self.path, self.rest),
        };
        one_closure(&name)
    }
}

fn is_std(krate: &str) -> bool {
    matches!(krate, "core" | "alloc" | "std")
}

/// The first segment of a path or of a type, and what follows it.
fn segment(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches(['<', '&', '*', '(', '[']);
    let path = path.trim_start_matches("mut ").trim_start_matches("const ").trim_start_matches("dyn ");
    path.split_at(path.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(path.len()))
}

fn first(path: &str) -> &str {
    segment(path).0
}

fn cut(name: &str) -> &str {
    let name = name.split(".llvm.").next().unwrap_or_default();
    &name[..name.floor_char_boundary(LONGEST)]
}

/// `legacy` ends names with a hash.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()) => path,
        _ => name,
    }
}

/// What is between the bracket that the text begins with and its counterpart, and what follows.
fn bracketed(text: &str) -> (&str, &str) {
    let end = closing(text, '<', '>');
    (&text[1.min(end)..end], text.get(end + 1..).unwrap_or_default())
}

/// Where the bracket closes that the text begins with; its end if it never does.
fn closing(text: &str, open: char, close: char) -> usize {
    let (mut depth, mut before) = (0_usize, ' ');
    for (at, char) in text.char_indices() {
        // An arrow, as in `fn() -> u8`, closes nothing.
        if char == open {
            depth += 1;
        } else if char == close && before != '-' {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
        before = char;
    }
    text.len()
}

/// Splits at the word that is in no bracket.
fn split_outside<'a>(text: &'a str, word: &str) -> (&'a str, Option<&'a str>) {
    let (mut depth, mut before) = (0_usize, ' ');
    for (at, char) in text.char_indices() {
        match char {
            '<' | '(' | '[' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && text[at..].starts_with(word) => {
                return (&text[..at], Some(&text[at + word.len()..]));
            }
            _ => {}
        }
        before = char;
    }
    (text, None)
}

/// A path or a type without generic arguments, lifetimes and what distinguishes crates of one name.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let rest = &text[at..];
        let follows_name = plain.ends_with(|it: char| it.is_alphanumeric() || it == '_');
        at += match char {
            '<' => {
                if plain.ends_with("::") {
                    plain.truncate(plain.len() - 2);
                } else if !follows_name {
                    plain.push('_');
                }
                closing(rest, '<', '>') + 1
            }
            '[' => {
                plain.push_str(if follows_name { "" } else { "[_]" });
                closing(rest, '[', ']') + 1
            }
            '{' => {
                let end = closing(rest, '{', '}');
                inner(rest[..end].trim_matches(['{', '}']), &mut plain);
                end + 1
            }
            '\'' => {
                1 + rest[1..].find(|it: char| !it.is_alphanumeric() && it != '_').map_or(rest.len(), |end| {
                    // With the blank behind it.
                    end + usize::from(rest[1 + end..].starts_with(' '))
                })
            }
            ' ' if rest.starts_with(" + ") => {
                plain.push('+');
                3
            }
            _ => {
                plain.push(char);
                char.len_utf8()
            }
        }
        .min(rest.len());
    }
    plain
}

/// A part of a path that the compiler has named: what it is, without its number.
fn inner(part: &str, plain: &mut String) {
    let kind = part.split('#').next().unwrap_or_default();
    if kind.starts_with("shim") || kind.contains(".shim") {
        let end = plain.trim_end_matches("::").len();
        plain.truncate(end);
        return;
    }
    let is_closure = ["closure", "async", "coroutine", "gen"].iter().any(|it| kind.contains(it));
    plain.push_str("{{");
    plain.push_str(if is_closure { "closure" } else { kind });
    plain.push_str("}}");
}

/// A closure within a closure says no more than the outer one.
fn one_closure(name: &str) -> String {
    let mut one = String::with_capacity(name.len());
    for part in name.split("::") {
        if part == "{{closure}}" && one.ends_with(part) {
            continue;
        }
        if !one.is_empty() {
            one.push_str("::");
        }
        one.push_str(part);
    }
    one
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn description(demangled: &str) -> String {
        let path = Path::parse(demangled);
        path.description(path.krate())
    }

    #[test]
    fn names_of_both_manglings_have_one_form() {
        for (legacy, v0, one) in [
            ("billing::crash::{{closure}}", "billing::crash::{closure#0}", "billing::crash::{{closure}}"),
            (
                "billing::domain::invoice::Invoices::total",
                "<billing::domain::invoice::Invoices>::total",
                "billing::domain::invoice::Invoices::total",
            ),
            ("a::find", "a::find::<(&str, fn() -> u8), 3, {closure#1}>", "a::find"),
            ("a::B<T,_>::c", "<a::B<'_, u8, 3>>::c", "a::B::c"),
            ("d::e::<impl a::B>::c", "<a[f3a1]::B>::c", "a::B::c"),
            (
                "d::e::<impl core::ops::Add for a::B>::c",
                "<a::B as core::ops::Add>::c",
                "<a::B as core::ops::Add>::c",
            ),
            (
                "<a::B<T> as core::convert::From<X>>::from::h0123456789abcdef",
                "<a::B<u8> as core::convert::From<alloc::vec::Vec<u8>>>::from",
                "<a::B as core::convert::From>::from",
            ),
            (
                "<dyn a::B+core::marker::Send as core::fmt::Debug>::fmt",
                "<dyn a::B + core::marker::Send as core::fmt::Debug>::fmt",
                "<dyn a::B+core::marker::Send as core::fmt::Debug>::fmt",
            ),
            (
                "<&mut a::B as core::fmt::Debug>::fmt",
                "<&mut a::B as core::fmt::Debug>::fmt",
                "<&mut a::B as core::fmt::Debug>::fmt",
            ),
            (
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
                "core::ops::function::FnOnce::call_once::{shim:vtable#0}",
                "core::ops::function::FnOnce::call_once",
            ),
            ("<T as a::X>::c", "<u8 as a::X>::c", "a::X::c"),
            ("<alloc::vec::Vec<T> as a::X>::c", "<alloc::vec::Vec<u8> as a::X>::c", "a::X::c"),
            (
                "a::b::{{closure}}::{{closure}}::{{closure}}",
                "a::b::{async_fn#0}::{async_block#0}",
                "a::b::{{closure}}",
            ),
            ("a::b::{{constant}}", "a::b::{constant#3}", "a::b::{{constant}}"),
            ("_start", "_start", "_start"),
        ] {
            assert_eq!((description(legacy).as_str(), description(v0).as_str()), (one, one));
        }
    }

    #[test]
    fn what_the_code_of_a_trait_is_called_does_not_depend_on_whose_it_is() {
        for name in ["a::X::c", "<T as a::X>::c", "<a::B as a::X>::c", "<d::B as a::X>::c"] {
            assert_eq!(Path::parse(name).description("a"), "a::X::c");
        }
    }

    proptest! {
        #[test]
        fn fuzz_a_name_of_any_form_gets_no_longer_than_it_may(name in "[<>(){}\\[\\]a-z:#&' +-é]{0,80}|(<a as |::<|\\{|->|impl ){0,2000}") {
            let reported = description(&name);
            prop_assert!(reported.len() <= 3 * LONGEST, "{}", reported.len());
            let path = Path::parse(&reported);
            prop_assert!(path.description("").len() <= 3 * LONGEST);
        }
    }
}

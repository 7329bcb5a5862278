//! Templates of log messages with their parameters filled in: `%s` and `%(name)s`, or `{}`, `{0}` and `{name}`.

use serde_json::Value;

/// Longest text that is made, bytes: Sentry's own bound of a message.
const MAX_TEXT: usize = 8 * 1024;

/// The template with its placeholders replaced, as far as there are parameters for them.
pub(super) fn filled(template: &str, params: &Value) -> String {
    let none = match params {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(named) => named.is_empty(),
        _ => false,
    };
    if none {
        return template.to_owned();
    }
    let styles = ['%', '{'].into_iter().map(|mark| fill(template, params, mark));
    styles.flatten().next().unwrap_or_else(|| template.to_owned())
}

/// Replaces the placeholders that begin with this character, if there is one.
fn fill(template: &str, params: &Value, mark: char) -> Option<String> {
    let literal = |text: &str| if mark == '{' { text.replace("}}", "}") } else { text.to_owned() };
    let (mut text, mut next, mut used) = (String::new(), 0, false);
    let mut rest = template;
    while let Some(at) = rest.find(mark).filter(|_| text.len() < MAX_TEXT) {
        let (before, from_mark) = rest.split_at(at);
        text.push_str(&literal(before));
        let placeholder = if mark == '%' { printf(from_mark) } else { curly(from_mark) };
        let Some((length, name)) = placeholder else {
            text.push(mark);
            rest = &from_mark[1..];
            continue;
        };
        rest = &from_mark[length..];
        match name {
            Name::Literal(literal) => text.push_str(literal),
            name => {
                let value = param(params, &name, &mut next);
                used |= value.is_some();
                text.push_str(&value.unwrap_or_else(|| from_mark[..length].to_owned()));
            }
        }
    }
    text.push_str(&literal(rest));
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    used.then_some(text)
}

/// Which parameter is meant.
enum Name<'a> {
    Next,
    At(usize),
    Named(&'a str),
    /// None: the mark itself, written twice.
    Literal(&'static str),
}

/// Longest placeholder, bytes.
const MAX_PLACEHOLDER: usize = 64;

/// `%s`, `%-5.2f`, `%(name)s`, `%1$s`, `%%`: its length, and what it names.
fn printf(text: &str) -> Option<(usize, Name<'_>)> {
    let mut at = 1;
    let mut name = Name::Next;
    if let Some(rest) = text[at..].strip_prefix('(') {
        let end = rest.bytes().take(MAX_PLACEHOLDER).position(|byte| byte == b')')?;
        name = Name::Named(&rest[..end]);
        at += end + 2;
    }
    let flags = text.as_bytes()[at..].iter().take(MAX_PLACEHOLDER);
    let flags = flags.take_while(|byte| b"0123456789.+-# l$".contains(byte)).count();
    let options = &text[at..at + flags];
    if let Some(place) = options.strip_suffix('$').and_then(|place| place.parse::<usize>().ok()) {
        name = Name::At(place.checked_sub(1)?);
    }
    match text.as_bytes().get(at + flags)? {
        b'%' if at + flags == 1 => Some((2, Name::Literal("%"))),
        // "100% sure" has no placeholder: a space is a flag of numbers only.
        conversion if options.contains(' ') && !b"dif".contains(conversion) => None,
        b's' | b'd' | b'i' | b'u' | b'f' | b'F' | b'g' | b'G' | b'e' | b'E' | b'x' | b'X' | b'o' | b'c'
        | b'r' | b'a' | b'j' | b'O' | b'v' | b'q' | b't' | b'p' | b'@' => Some((at + flags + 1, name)),
        _ => None,
    }
}

/// `{}`, `{0}`, `{name}`, `{name!r:>10}`, `{{`: its length, and what it names.
fn curly(text: &str) -> Option<(usize, Name<'_>)> {
    if text.starts_with("{{") {
        return Some((2, Name::Literal("{")));
    }
    let end = text.bytes().take(MAX_PLACEHOLDER).position(|byte| byte == b'}')?;
    let name = text[1..end].split([':', '!']).next().unwrap_or_default();
    let name = match name.parse() {
        _ if name.is_empty() => Name::Next,
        Ok(place) => Name::At(place),
        Err(_) => Name::Named(name),
    };
    Some((end + 1, name))
}

fn param(params: &Value, name: &Name<'_>, next: &mut usize) -> Option<String> {
    let place = match name {
        Name::Next => *next,
        Name::At(place) => *place,
        Name::Named(name) => return params.get(*name).map(shown),
        Name::Literal(_) => return None,
    };
    *next = place + 1;
    match params {
        Value::Array(list) => list.get(place).map(shown),
        Value::Object(named) => named.get(&place.to_string()).map(shown),
        only => (place == 0).then(|| shown(only)),
    }
}

/// As far as it is shown.
fn shown(value: &Value) -> String {
    let mut text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_of_every_style_are_filled_in() {
        for (template, params, text) in [
            ("%s took %d ms", json!(["it", 7]), "it took 7 ms"),
            ("%-5s|%05.2f|%x", json!(["a", 1.5, 255]), "a|1.5|255"),
            ("%(who)s has %(count)d", json!({ "who": "ann", "count": 2 }), "ann has 2"),
            ("%2$s before %1$s", json!(["a", "b"]), "b before a"),
            ("100%% of %s", json!(["all"]), "100% of all"),
            ("100% sure of %s", json!(["it"]), "100% sure of it"),
            ("%v and %+v and %q", json!([null, true, { "a": [1] }]), "null and true and {\"a\":[1]}"),
            ("{} and {}", json!(["a", "b"]), "a and b"),
            ("{1} before {0}", json!(["a", "b"]), "b before a"),
            ("{who} has {count:>5}", json!({ "who": "ann", "count": 2 }), "ann has 2"),
            ("{{}} and {}", json!(["a"]), "{} and a"),
            ("%s", json!("alone"), "alone"),
            ("%s and %s", json!(["one"]), "one and %s"),
            ("nothing", json!(["a"]), "nothing"),
            ("%s", json!([]), "%s"),
            ("%s", json!(null), "%s"),
            ("%", json!(["a"]), "%"),
            ("ä%sä%(ü", json!(["ö"]), "äöä%(ü"),
        ] {
            assert_eq!(filled(template, &params), text, "{template}");
        }
    }

    #[test]
    fn what_is_made_is_bounded() {
        let long = "ä".repeat(100_000);
        assert!(filled(&"%s".repeat(10_000), &json!(vec![long; 3])).len() <= MAX_TEXT);
        assert!(filled(&("%(".repeat(100_000) + "%s"), &json!(["a"])).len() <= 200_002);
    }
}

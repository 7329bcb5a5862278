//! [`multipart/form-data`](https://www.rfc-editor.org/rfc/rfc7578): the form in which crash reporters upload.

use actix_web::web::Bytes;
use memchr::memmem::{Finder, find};

/// Most parts of a form.
pub(crate) const MAX_PARTS: usize = 100;

/// Longest head of a part, bytes.
const MAX_HEAD: usize = 8 * 1024;

/// Longest boundary: that of the standard.
const MAX_BOUNDARY: usize = 70;

/// A field or a file of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// The name of a file; a field has none.
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

/// Why a body is not a form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadForm {
    #[error("this is not a multipart form: its content type names no boundary")]
    NoBoundary,
    #[error("a form may have at most {MAX_PARTS} parts")]
    Many,
    #[error("the form ends before its last boundary")]
    Torn,
    #[error("part {0} of the form has no name")]
    NoName(usize),
    #[error("the head of part {0} of the form has no end within {MAX_HEAD} bytes")]
    Head(usize),
}

/// The parts of a form.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Result<Vec<Part>, BadForm> {
    let boundary = parameter(content_type, "boundary").filter(|it| (1..=MAX_BOUNDARY).contains(&it.len()));
    let boundary = boundary.ok_or(BadForm::NoBoundary)?;
    let delimiter = format!("\r\n--{boundary}");
    // The first one stands at the start, or after a preamble.
    let first = format!("--{boundary}");
    let mut at = match find(body, delimiter.as_bytes()) {
        _ if body.starts_with(first.as_bytes()) => first.len(),
        Some(at) => at + delimiter.len(),
        None => return Err(BadForm::Torn),
    };
    let delimiter = Finder::new(delimiter.as_bytes());
    let mut parts = Vec::new();
    while !body.get(at..).is_some_and(|rest| rest.starts_with(b"--")) {
        if parts.len() == MAX_PARTS {
            return Err(BadForm::Many);
        }
        let number = parts.len() + 1;
        let rest = body.get(at..).unwrap_or_default();
        // White space may stand after a boundary.
        let line = find(rest, b"\r\n").ok_or(BadForm::Torn)?;
        let head = &rest[line + 2..];
        let length = if head.starts_with(b"\r\n") { Some(0) } else { find(first_of(head), b"\r\n\r\n") };
        let bad = if head.len() <= MAX_HEAD { BadForm::Torn } else { BadForm::Head(number) };
        let length = length.ok_or(bad)?;
        let begin = at + line + 2 + if length == 0 { 2 } else { length + 4 };
        let content = delimiter.find(body.get(begin..).unwrap_or_default()).ok_or(BadForm::Torn)?;
        let head = String::from_utf8_lossy(&head[..length]);
        parts.push(part(&head, body.slice(begin..begin + content)).ok_or(BadForm::NoName(number))?);
        at = begin + content + delimiter.needle().len();
    }
    Ok(parts)
}

fn first_of(head: &[u8]) -> &[u8] {
    &head[..head.len().min(MAX_HEAD)]
}

fn part(head: &str, content: Bytes) -> Option<Part> {
    let header = |name: &str| {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.filter(|(it, _)| it.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    };
    let disposition = header("content-disposition")?;
    Some(Part {
        name: parameter(disposition, "name")?,
        filename: parameter(disposition, "filename"),
        content_type: header("content-type").map(str::to_owned),
        content,
    })
}

/// A parameter of a header, with quotes or without.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = after.trim_start().strip_prefix(';')?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"--x\"";

    fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, content) in parts {
            let head =
                format!("----x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a;b\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"----x--\r\n");
        body
    }

    #[test]
    fn what_is_no_form_is_named() {
        let parts = |body: &[u8]| parts(TYPE, &Bytes::copy_from_slice(body));
        assert_eq!(super::parts("text/plain", &Bytes::new()), Err(BadForm::NoBoundary));
        assert_eq!(parts(b""), Err(BadForm::Torn));
        assert_eq!(parts(b"----x\r\nA: b\r\n\r\ncontent"), Err(BadForm::Torn));
        assert_eq!(parts(b"----x\r\nA: b\r\n\r\ncontent\r\n----x--"), Err(BadForm::NoName(1)));
        let long = [b"----x\r\n".as_slice(), &vec![b'a'; MAX_HEAD + 1], b"\r\n\r\n\r\n----x--"].concat();
        assert_eq!(parts(&long), Err(BadForm::Head(1)));
        let field: (&str, &[u8]) = ("a", b"1");
        assert_eq!(parts(&form(&vec![field; MAX_PARTS])).map(|it| it.len()), Ok(MAX_PARTS));
        assert_eq!(parts(&form(&vec![field; MAX_PARTS + 1])), Err(BadForm::Many));
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_are_a_form_or_none(bytes in vec(prop_oneof![any::<u8>(), Just(b'-'), Just(b'\r'), Just(b'\n')], 0..200)) {
            let body = Bytes::from([b"----x\r\n".to_vec(), bytes].concat());
            let length = body.len();
            if let Ok(parts) = parts(TYPE, &body) {
                prop_assert!(parts.iter().map(|part| part.content.len()).sum::<usize>() <= length);
            }
        }

        #[test]
        fn fuzz_what_is_in_a_form_comes_out(contents in vec(vec(any::<u8>(), 0..50), 0..5)) {
            prop_assume!(contents.iter().all(|it| find(it, b"----x").is_none()));
            let named: Vec<_> = contents.iter().map(|it| ("a", it.as_slice())).collect();
            let parts = parts(TYPE, &Bytes::from(form(&named))).map_err(|bad| TestCaseError::fail(bad.to_string()))?;
            prop_assert_eq!(parts.len(), contents.len());
            for (part, content) in parts.iter().zip(&contents) {
                prop_assert_eq!(&part.content[..], &content[..]);
                prop_assert_eq!(part.filename.as_deref(), Some("a;b"));
            }
        }

        #[test]
        fn fuzz_any_header_has_a_parameter_or_none(header in "[a-z=;\" ]{0,40}") {
            let _ = parameter(&header, "name");
        }
    }
}

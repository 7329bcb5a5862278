//! User and password before a host: `scheme://user:password@host`, in data from a client also without the scheme.

use std::ops::Range;

use super::Place;
use super::decoded::Decoded;
use super::work::looked_at;

/// URL schemes that are followed by an address directly. They are not user names.
const NOT_A_USER: [&[u8]; 5] = [b"mailto", b"acct", b"xmpp", b"sip", b"sips"];

pub(super) fn find(text: &Decoded<'_>, place: Place, spans: &mut Vec<Range<usize>>) {
    if !text.bytes.contains(&b'@') {
        return;
    }
    let mut at = 0;
    while at < text.bytes.len() {
        let end = (at..text.bytes.len()).find(|at| is_end(text.bytes[*at])).unwrap_or(text.bytes.len());
        in_token(text, at..end, place, spans);
        at = end + 1;
    }
}

/// A password may contain characters that should be encoded. Blanks and quotes end it.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`')
}

fn in_token(text: &Decoded<'_>, token: Range<usize>, place: Place, spans: &mut Vec<Range<usize>>) {
    let bytes = text.bytes.as_ref();
    let last_at = |range: Range<usize>| {
        let start = range.start;
        looked_at(range.len());
        bytes[range].iter().rposition(|byte| *byte == b'@').map(|at| start + at)
    };
    let Some(last) = last_at(token.clone()) else { return };
    let (mut from, mut with_scheme) = (token.start, false);
    // The end of the parameter that contains an encoded URL, and the last @ before it: found once for all URLs in it.
    let mut parameter = (token.start, None);
    while let Some(scheme) = bytes[from..last].windows(3).position(|three| three == b"://") {
        with_scheme = true;
        from += scheme + 3;
        looked_at(scheme + 3);
        let encoded = text.width(from - 3) > 1;
        if encoded && parameter.0 <= from {
            let end = (from..last).find(|at| bytes[*at] == b'&' && text.width(*at) == 1);
            looked_at(end.unwrap_or(last) - from);
            parameter = end.map_or((token.end, Some(last)), |end| (end, last_at(from..end)));
        }
        let last = if encoded { parameter.1 } else { Some(last) };
        let last = last.filter(|last| *last > from);
        if let Some(length) = last.and_then(|last| userinfo(&bytes[from..last])) {
            spans.push(from..from + length);
            from += length;
        }
    }
    if !with_scheme && place == Place::Client {
        spans.extend(schemeless(bytes, token.start, last));
    }
}

/// The end of user and password in the text between `://` and the last `@` of the same word.
fn userinfo(before: &[u8]) -> Option<usize> {
    let authority = before.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(before.len());
    looked_at(authority);
    if authority == before.len() {
        return (authority > 0).then_some(authority);
    }
    let authority = &before[..authority];
    let first = authority.iter().position(|byte| *byte == b'@');
    match (first, authority.iter().position(|byte| *byte == b':')) {
        // A later @ may belong to the path. If there is a password, it may also belong to the password.
        (Some(user), None) => Some(user),
        (Some(user), Some(colon)) if user < colon => Some(user),
        (Some(_), Some(_)) => Some(before.len()),
        (None, Some(colon)) => {
            let (host, port) = (&authority[..colon], &authority[colon + 1..]);
            let is_port = !host.is_empty() && port.iter().all(u8::is_ascii_digit);
            (!is_port && !host.starts_with(b"[")).then_some(before.len())
        }
        (None, None) => None,
    }
}

/// `user:password@`, in a header such as `Host`.
fn schemeless(bytes: &[u8], start: usize, last: usize) -> Option<Range<usize>> {
    let begins = |at: &usize| matches!(bytes[*at], b'/' | b',' | b';' | b'=' | b'&' | b'?' | b'(');
    let first =
        (start..last).take_while(|at| bytes[*at] != b':').filter(begins).last().map_or(start, |at| at + 1);
    let colon = (first..last).find(|at| bytes[*at] == b':')?;
    let user = bytes[first..colon].to_ascii_lowercase();
    let host = bytes.get(last + 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'[');
    (host && colon + 1 < last && !NOT_A_USER.contains(&user.as_slice())).then_some(first..last)
}

/// The password of a connection URL, as written there.
pub(super) fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let last = rest.rfind('@')?;
    let userinfo = &rest[..userinfo(&rest.as_bytes()[..last])?];
    userinfo.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

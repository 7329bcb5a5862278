//! Who was affected.

use std::net::IpAddr;

use actix_web::http::header::HeaderValue;
use percent_encoding::percent_decode;
use sentry::User;

/// The id of a user nobody named.
pub const ANONYMOUS: &str = "anonymous";

/// Longest id, in characters; a longer one is none. Sentry cuts what it can be searched by at 200.
pub const MOST_CHARS: usize = 128;

/// A user with this id, and the client's address where it is known.
pub(crate) fn from_request(id: Option<String>, ip: Option<IpAddr>) -> User {
    User {
        id: Some(id.unwrap_or_else(|| ANONYMOUS.to_owned())),
        ip_address: ip.map(Into::into),
        ..User::default()
    }
}

/// The id that a header names: in UTF-8 as it is, or percent-encoded.
pub(crate) fn id_of(header: &HeaderValue) -> Option<String> {
    let raw = std::str::from_utf8(header.as_bytes()).ok()?;
    // A percent sign may also be one.
    let decoded = percent_decode(raw.as_bytes()).decode_utf8();
    clean(&decoded.unwrap_or(raw.into()))
}

/// An id, or a name, fit to be sent: not empty, not too long, no control characters.
fn clean(id: &str) -> Option<String> {
    let id = id.trim();
    let fits = !id.is_empty() && id.chars().nth(MOST_CHARS).is_none();
    (fits && !id.contains(char::is_control)).then(|| id.to_owned())
}

/// Names the affected user of this request, whatever its header said.
pub fn identify(id: &str) {
    replace(id, |_| true);
}

/// Sets the affected user to the one that the call itself names; an `X-User-Id` header takes precedence.
pub fn identify_unless_known(id: &str) {
    replace(id, |user| user.id.as_deref().is_none_or(|known| known == ANONYMOUS));
}

/// Adds the name of the user with this id, where that is whom the events of this request name.
pub fn name(id: &str, username: &str) {
    let (Some(id), Some(username)) = (clean(id), clean(username)) else { return };
    sentry::configure_scope(|scope| {
        if let Some(user) = scope.user().filter(|user| user.id.as_ref() == Some(&id)) {
            let user = User { username: Some(username), ..user.clone() };
            scope.set_user(Some(user));
        }
    });
}

fn replace(id: &str, wanted: impl FnOnce(&User) -> bool) {
    let Some(id) = clean(id) else { return };
    sentry::configure_scope(|scope| {
        let mut user = scope.user().cloned().unwrap_or_default();
        if !wanted(&user) {
            return;
        }
        if let Some(span) = scope.get_span() {
            span.set_data("user.id", id.as_str().into());
        }
        if user.id.as_ref() != Some(&id) {
            // It was another user's.
            user.username = None;
        }
        user.id = Some(id);
        scope.set_user(Some(user));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &[u8]) -> Option<String> {
        id_of(&HeaderValue::from_bytes(header).unwrap())
    }

    #[test]
    fn an_id_survives_in_utf8_and_percent_encoded() {
        assert_eq!(read(b" alice ").as_deref(), Some("alice"));
        assert_eq!(read("zoë 🍒".as_bytes()).as_deref(), Some("zoë 🍒"));
        assert_eq!(read(b"zo%C3%AB%20%F0%9F%8D%92").as_deref(), Some("zoë 🍒"));
        assert_eq!(read(b"100%").as_deref(), Some("100%"));
        assert_eq!(read(b"100%ff").as_deref(), Some("100%ff"), "no UTF-8, so it was not encoded");
    }

    #[test]
    fn what_is_no_id_is_none() {
        let too_long = "é".repeat(MOST_CHARS + 1);
        for header in [&b""[..], b"  ", b"a%0Ab", b"\xff\xfe", too_long.as_bytes()] {
            assert_eq!(read(header), None);
        }
        let longest = "é".repeat(MOST_CHARS);
        assert_eq!(read(longest.as_bytes()), Some(longest));
    }
}

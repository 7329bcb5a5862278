//! Who was affected.

use std::net::IpAddr;

use sentry::User;

/// The id of a user nobody named.
pub const ANONYMOUS: &str = "anonymous";

/// A user with this id, and the client's address where it is known.
pub(crate) fn from_request(id: Option<&str>, ip: Option<IpAddr>) -> User {
    User { id: Some(id.unwrap_or(ANONYMOUS).to_owned()), ip_address: ip.map(Into::into), ..User::default() }
}

/// Names the affected user of this request, whatever its header said.
pub fn identify(id: &str) {
    replace(|user| user.id = Some(id.to_owned()));
}

/// Names the user that the call itself speaks of; an `X-User-Id` header counts more.
pub fn identify_unless_known(id: &str) {
    replace(|user| {
        if user.id.as_deref().is_none_or(|known| known == ANONYMOUS) {
            user.id = Some(id.to_owned());
        }
    });
}

fn replace(change: impl FnOnce(&mut User)) {
    sentry::configure_scope(|scope| {
        let mut user = scope.user().cloned().unwrap_or_default();
        change(&mut user);
        if let (Some(span), Some(id)) = (scope.get_span(), &user.id) {
            span.set_data("user.id", id.as_str().into());
        }
        scope.set_user(Some(user));
    });
}

//! What the request was: set on the scope before anything can fail.

use std::net::IpAddr;
use std::time::SystemTime;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use sentry::TransactionOrSpan;
use sentry::protocol::{Context, Event};
use url::Url;

use crate::facts::Facts;
use crate::incoming::Incoming;
use crate::panic_recovery::Owner;
use crate::{breadcrumbs, user};

/// The header that names the affected user.
pub const USER_HEADER: &str = "X-User-Id";

/// Longest user id taken from a header, in bytes: Sentry cuts tag-like values at 200.
const USER_ID_LIMIT: usize = 128;

/// Puts the request's facts on the current hub's scope: user, transaction name, first breadcrumb. Returns the route
/// pattern.
///
/// Sentry's `request` interface itself comes from `sentry-actix`. Most requests make no event: what only an event
/// shows is put together when there is one.
pub(crate) fn describe(request: &ServiceRequest, owner: Owner) -> Option<String> {
    let user = user::from_request(user_id(request), client_ip(request));
    let pattern = request.match_pattern();
    let arrival =
        Arrival { at: SystemTime::now(), method: request.method().clone(), pattern: pattern.clone(), owner };
    sentry::configure_scope(|scope| {
        if let Some(incoming) = request.extensions().get::<Incoming>() {
            incoming.bind(scope);
        }
        if let Some(span) = scope.get_span().filter(is_sampled) {
            span.set_data("user.id", user.id.clone().into());
        }
        scope.set_user(Some(user));
        scope.add_event_processor(move |event| Some(arrival.tell(event)));
    });
    pattern
}

/// What a request was when it came in.
struct Arrival {
    at: SystemTime,
    method: Method,
    pattern: Option<String>,
    owner: Owner,
}

impl Arrival {
    /// Adds the transaction's name, and the breadcrumb that all others followed.
    fn tell(&self, mut event: Event<'static>) -> Event<'static> {
        self.owner.mark();
        let pattern = self.pattern.as_deref().unwrap_or("<none>");
        event.transaction.get_or_insert_with(|| format!("{} {pattern}", self.method));
        let path = event.request.as_ref().and_then(|request| request.url.as_ref()).map_or("", Url::path);
        let crumb = breadcrumbs::request(self.at, self.method.as_str(), path);
        event.breadcrumbs.values.insert(0, crumb);
        event
    }
}

/// Will the transaction be sent? What it tells is not needed otherwise.
fn is_sampled(span: &TransactionOrSpan) -> bool {
    #[expect(
        deprecated,
        reason = "false may also mean that it is undecided, and then nothing is sent either"
    )]
    span.is_sampled()
}

/// The span that is open, for spans below it.
pub fn span() -> Option<TransactionOrSpan> {
    sentry::configure_scope(|scope| scope.get_span())
}

/// Does work in a span of its own, below which the spans of the work are.
pub async fn spanned<F: Future>(op: &str, description: &str, work: F) -> F::Output {
    let Some(parent) = span() else { return work.await };
    let child = parent.start_child(op, description);
    sentry::configure_scope(|scope| scope.set_span(Some(child.clone().into())));
    let done = work.await;
    child.finish();
    sentry::configure_scope(|scope| scope.set_span(Some(parent)));
    done
}

/// A searchable fact of the current request: on all its events, and on its transaction.
pub fn tag(name: &str, value: &str) {
    sentry::configure_scope(|scope| {
        scope.set_tag(name, value);
        if let Some(span) = scope.get_span() {
            span.set_tag(name, value);
        }
    });
}

fn user_id(request: &ServiceRequest) -> Option<&str> {
    let id = request.headers().get(USER_HEADER)?.to_str().ok()?.trim();
    (!id.is_empty() && id.len() <= USER_ID_LIMIT).then_some(id)
}

/// The client's real address: what a proxy in front says, else the peer's.
fn client_ip(request: &ServiceRequest) -> Option<IpAddr> {
    let told = request.connection_info().realip_remote_addr().and_then(|addr| addr.parse().ok());
    told.or_else(|| request.peer_addr().map(|peer| peer.ip()))
}

/// `contexts.request`, in the shape that the Go gateway sends, from what the event knows already; and the query
/// string beside the URL, where Sentry looks for it.
pub(crate) fn add_context(event: &mut Event<'static>) {
    let Some(request) = &mut event.request else { return };
    if request.query_string.is_none() {
        request.query_string = request.url.as_ref().and_then(|url| url.query()).map(str::to_owned);
    }
    let mut facts = Facts::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value.into())));
    };
    add("url", request.url.as_ref().map(ToString::to_string));
    add("method", request.method.clone());
    add("userAgent", request.headers.get("user-agent").cloned());
    let ip = event.user.as_ref().and_then(|user| user.ip_address.as_ref());
    add("clientIP", ip.map(ToString::to_string));
    event.contexts.insert("request".to_owned(), Context::Other(facts));
}

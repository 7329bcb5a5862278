//! What the request was: set on the scope before anything can fail.

use std::time::SystemTime;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use sentry::TransactionOrSpan;
use sentry::protocol::{Context, Event, Map, Request, User};
use url::Url;

use crate::facts::Facts;
use crate::panic_recovery::Owner;
use crate::trace::Incoming;
use crate::{arrival, breadcrumbs, forwarded, user};

/// The header that names the affected user.
pub const USER_HEADER: &str = "X-User-Id";

/// Longest path in a transaction's data, in characters.
const MOST_OF_PATH: usize = 1_024;

/// What a request is called wherever many are distinguished.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    /// A method that HTTP has, or `_OTHER`.
    pub(crate) method: &'static str,
    /// The pattern that matched, not the path; `None` where none did.
    pub(crate) route: Option<String>,
}

impl Described {
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        Self { method: arrival::method(request), route: request.match_pattern() }
    }

    /// `GET /debug/error/{type}`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.route.as_deref().unwrap_or("<none>"))
    }
}

/// Puts the request's facts on the current hub's scope and its transaction: user, name, first breadcrumb.
///
/// Sentry's `request` interface itself comes from `sentry-actix`. Most requests make no event: what only an event
/// shows is put together when there is one.
pub(crate) fn describe(request: &ServiceRequest, owner: Owner, described: &Described) {
    let id = request.headers().get(USER_HEADER).and_then(user::id_of);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let user = user::from_request(id, forwarded::client(request.headers(), peer));
    let arrival = Arrival { at: SystemTime::now(), described: described.clone(), owner };
    sentry::configure_scope(|scope| {
        if let Some(incoming) = request.extensions().get::<Incoming>() {
            incoming.bind(scope);
        }
        if let Some(span) = scope.get_span().filter(is_sampled) {
            tell_transaction(&span, request, described, &user);
        }
        scope.set_user(Some(user));
        scope.add_event_processor(move |event| Some(arrival.report(event)));
    });
}

/// What OpenTelemetry's conventions ask for about a request.
fn tell_transaction(span: &TransactionOrSpan, request: &ServiceRequest, described: &Described, user: &User) {
    span.set_data("http.request.method", described.method.into());
    if let Some(route) = &described.route {
        span.set_data("http.route", route.as_str().into());
    }
    let path: String = request.path().chars().take(MOST_OF_PATH).collect();
    span.set_data("url.path", path.into());
    span.set_data("user.id", user.id.clone().into());
    if let Some(ip) = &user.ip_address {
        span.set_data("client.address", ip.to_string().into());
    }
}

/// What a request was when it came in.
struct Arrival {
    at: SystemTime,
    described: Described,
    owner: Owner,
}

impl Arrival {
    /// Adds the transaction's name, and the breadcrumb that all others followed.
    fn report(&self, mut event: Event<'static>) -> Event<'static> {
        self.owner.mark();
        // The middleware has named it by whatever method was sent.
        event.transaction = Some(self.described.name());
        name_method(event.request.as_mut(), self.described.method);
        let path = event.request.as_ref().and_then(|request| request.url.as_ref()).map_or("", Url::path);
        let crumb = breadcrumbs::request(self.at, self.described.method, path);
        event.breadcrumbs.values.insert(0, crumb);
        event
    }
}

/// Will the transaction be sent? What it says is not needed otherwise.
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

/// The method as the caller sent it: the routes may have been asked for another.
pub(crate) fn name_method(request: Option<&mut Request>, method: &str) {
    if let Some(request) = request {
        request.method = Some(method.to_owned());
    }
}

/// `contexts.request`, in the shape that the Go gateway sends, from what is known already; and the query string beside
/// the URL, where Sentry looks for it.
pub(crate) fn add_context(
    contexts: &mut Map<String, Context>,
    request: Option<&mut Request>,
    user: Option<&User>,
) {
    let Some(request) = request else { return };
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
    let ip = user.and_then(|user| user.ip_address.as_ref());
    add("clientIP", ip.map(ToString::to_string));
    contexts.insert("request".to_owned(), Context::Other(facts));
}

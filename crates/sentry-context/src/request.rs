//! The facts of a request: set on the scope before anything can fail.

use std::sync::Arc;
use std::time::SystemTime;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::web::BytesMut;
use futures_util::StreamExt;
use futures_util::stream::iter;
use sentry::protocol::{Context, Event, Map, Request, User, Value};
use sentry::{Hub, TransactionOrSpan};
use url::Url;

use crate::current_span::{MEASUREMENT, is_sampled};
use crate::facts::Facts;
use crate::profile;
use crate::reported::Owner;
use crate::step::Open;
use crate::trace::Incoming;
use crate::{arrival, breadcrumbs, current_span, forwarded, user};

/// The header that names the affected user.
pub const USER_HEADER: &str = "X-User-Id";

/// Content types of bodies that events show.
const TEXTS: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

/// The operation of a request's transaction.
pub(crate) const OP: &str = "http.server";

/// Longest path in a transaction's data, in characters.
const MOST_OF_PATH: usize = 1_024;

/// What is known of a request before it runs. Copies of headers and target share their bytes: most requests make no
/// event, so text is made of them only for one.
#[derive(Debug)]
pub(crate) struct Described {
    /// A method that HTTP has, or `_OTHER`.
    pub(crate) method: &'static str,
    /// The pattern that matched, not the path; `None` if none did.
    route: Option<Arc<str>>,
    scheme: String,
    host: String,
    target: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<String>,
}

impl Described {
    pub(crate) fn of(request: &ServiceRequest, body: Option<String>) -> Self {
        let connection = request.connection_info();
        let headers = request.headers().iter();
        Self {
            method: arrival::method(request),
            route: request.match_pattern().map(Arc::from),
            scheme: connection.scheme().to_owned(),
            host: connection.host().to_owned(),
            target: request.uri().clone(),
            headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
            body,
        }
    }

    /// The pattern, or `<none>`.
    pub(crate) fn route(&self) -> Arc<str> {
        self.route.clone().unwrap_or_else(|| Arc::from("<none>"))
    }

    /// `GET /debug/error/{type}`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.route())
    }

    /// What OpenTelemetry's conventions ask for about a request of that user: data of its transaction, and of the trace
    /// context of its events.
    ///
    /// The SDK copies all data of a transaction whenever it asks for its id, so they are added when it ends.
    pub(crate) fn data(&self, user: Option<&User>) -> Vec<(&'static str, Value)> {
        let path: String = self.target.path().chars().take(MOST_OF_PATH).collect();
        let mut data = vec![("http.request.method", self.method.into()), ("url.path", path.into())];
        data.extend(self.route.as_ref().map(|route| ("http.route", (**route).into())));
        let id = user.and_then(|user| user.id.clone());
        data.extend(id.map(|id| ("user.id", id.into())));
        let address = user.and_then(|user| user.ip_address.as_ref());
        data.extend(address.map(|address| ("client.address", address.to_string().into())));
        data
    }

    /// Sentry's `request` interface, without the body.
    pub(crate) fn interface(&self) -> Request {
        let headers = self.headers.iter();
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Request {
            url: format!("{}://{}{}", self.scheme, self.host, self.target).parse().ok(),
            method: Some(self.method.to_owned()),
            headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            ..Request::default()
        }
    }
}

/// The body of a request for its events, if it is JSON or a form, and not too long for the client's
/// [`max_request_body_size`](sentry::ClientOptions::max_request_body_size). The handler still reads it, or the error
/// with which it breaks off.
pub(crate) async fn small_body(request: &mut ServiceRequest) -> Option<String> {
    let limit = Hub::current().client()?.options().max_request_body_size;
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_text = header(CONTENT_TYPE).is_some_and(|ty| TEXTS.contains(&ty));
    let is_small = header(CONTENT_LENGTH)
        .and_then(|length| length.parse().ok())
        .is_some_and(|length| limit.is_within_size_limit(length));
    if !is_text || !is_small || request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let mut payload = request.take_payload();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        match chunk {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(error) => {
                let read = iter([Ok(body.freeze()), Err(error)]);
                request.set_payload(Payload::Stream { payload: Box::pin(read) });
                return None;
            }
        }
    }
    let body = body.freeze();
    let text = String::from_utf8_lossy(&body).into_owned();
    request.set_payload(Payload::from(body));
    Some(text)
}

/// Puts the request's facts on the current hub's scope and its transaction: user, name, first breadcrumb.
///
/// Most requests make no event: what only an event shows is assembled when there is one.
pub(crate) fn describe(request: &ServiceRequest, owner: Owner, described: &Arc<Described>) {
    let id = request.headers().get(USER_HEADER).and_then(user::id_of);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let user = user::from_request(id, forwarded::client(request.headers(), peer));
    let arrival = Arrival { at: SystemTime::now(), described: Arc::clone(described), owner };
    sentry::configure_scope(|scope| {
        if let Some(incoming) = request.extensions().get::<Incoming>() {
            incoming.bind(scope);
        }
        if let Some(span) = scope.get_span().filter(is_sampled) {
            profile::name_thread(&span);
        }
        scope.set_user(Some(user));
        scope.add_event_processor(move |event| Some(arrival.report(event)));
    });
}

/// A request and the moment when it came in.
struct Arrival {
    at: SystemTime,
    described: Arc<Described>,
    owner: Owner,
}

impl Arrival {
    /// Adds the request, its data, the transaction's name, and the breadcrumb that all others followed.
    fn report(&self, mut event: Event<'static>) -> Event<'static> {
        self.owner.mark();
        // Work that the request began may have a transaction of its own.
        if let Some(Context::Trace(trace)) = event.contexts.get_mut("trace")
            && trace.op.as_deref() == Some(OP)
        {
            for (name, value) in self.described.data(event.user.as_ref()) {
                trace.data.entry(name.to_owned()).or_insert(value);
            }
        }
        event.transaction = Some(self.described.name());
        let request = event.request.get_or_insert_with(|| Request {
            data: self.described.body.clone(),
            ..self.described.interface()
        });
        let path = request.url.as_ref().map_or("", Url::path);
        let crumb = breadcrumbs::request(self.at, self.described.method, path);
        event.breadcrumbs.values.insert(0, crumb);
        event
    }
}

/// The span that is open, for spans below it.
pub fn span() -> Option<TransactionOrSpan> {
    current_span::get()
}

/// A span below the open one, for work that the calling thread does or waits for. The caller finishes it.
pub fn child(op: &str, description: &str) -> Option<TransactionOrSpan> {
    let child = TransactionOrSpan::from(span()?.start_child(op, description));
    profile::name_thread(&child);
    Some(child)
}

/// Does work in a span of its own, below which the spans of the work are.
pub async fn spanned<F: Future>(op: &str, description: &str, work: F) -> F::Output {
    let _open = Open::begin(|_| true, op, description);
    work.await
}

/// The same for work that does not wait. It gets the span, if there is one, for its data.
pub fn spanned_now<T>(op: &str, description: &str, work: impl FnOnce(Option<&TransactionOrSpan>) -> T) -> T {
    let open = Open::begin(|_| true, op, description);
    work(open.as_ref().map(|open| &open.span))
}

/// A number that the current transaction is about, such as an amount: Sentry's
/// [measurement](https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/). `name` is one of a few,
/// `unit` in Sentry's words, or `none`.
pub fn measure(name: &'static str, value: f64, unit: &'static str) {
    if let Some(span) = span().filter(is_sampled) {
        let measured = serde_json::json!({ "value": value, "unit": unit });
        span.set_data(&format!("{MEASUREMENT}{name}"), measured);
    }
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

/// Adds `contexts.request`, and the query string beside the URL, where Sentry looks for it.
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

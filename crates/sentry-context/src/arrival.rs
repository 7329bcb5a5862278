//! The trace, method and target of a request, validated before anything reads them.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HOST, HeaderName, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::http::{Method, Uri};

use crate::trace;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The methods of HTTP.
const METHODS: [(&Method, &str); 9] = [
    (&Method::GET, "GET"),
    (&Method::HEAD, "HEAD"),
    (&Method::POST, "POST"),
    (&Method::PUT, "PUT"),
    (&Method::DELETE, "DELETE"),
    (&Method::OPTIONS, "OPTIONS"),
    (&Method::PATCH, "PATCH"),
    (&Method::TRACE, "TRACE"),
    (&Method::CONNECT, "CONNECT"),
];

/// Replaces any other method, as in OpenTelemetry's conventions.
const OTHER: &str = "_OTHER";

/// Marks a request that came as HEAD and is answered as GET.
#[derive(Debug, Clone, Copy)]
struct AsHead;

/// Prepares a request for the middleware and the routes below:
///
/// - the trace that it continues is read, see [`trace::translate`];
/// - `HEAD` becomes `GET`; the server leaves out the body, since the caller asked for none;
/// - a target in absolute form becomes its path and its `Host`; an invalid `Host` is removed, so that the server's own
///   address replaces it.
pub(crate) fn prepare(request: &mut ServiceRequest) {
    trace::translate(request);
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(AsHead);
    }
    plain_target(request);
    for name in [HOST, X_FORWARDED_HOST] {
        if request.headers().get(&name).is_some_and(|host| !is_host(host)) {
            request.headers_mut().remove(&name);
        }
    }
}

fn plain_target(request: &mut ServiceRequest) {
    let Some(authority) = request.uri().authority().cloned() else { return };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.is_empty() { "/" } else { path };
    let Ok(target) = path.parse::<Uri>() else { return };
    // User and password are not part of the host.
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    if let Ok(host) = HeaderValue::try_from(host) {
        request.headers_mut().insert(HOST, host);
    }
    request.head_mut().uri = target;
}

/// A host and perhaps a port; of several, as proxies write them, the first.
fn is_host(header: &HeaderValue) -> bool {
    let first = header.to_str().ok().and_then(|hosts| hosts.split(',').next());
    first.is_some_and(|host| {
        let host = host.trim();
        !host.is_empty()
            && !host.contains('@')
            && host.parse::<Authority>().is_ok_and(|it| !it.host().is_empty())
    })
}

/// The method as the caller sent it: one that HTTP has, or [`OTHER`].
pub(crate) fn method(request: &ServiceRequest) -> &'static str {
    if request.extensions().get::<AsHead>().is_some() {
        return "HEAD";
    }
    METHODS.iter().find(|(known, _)| *known == request.method()).map_or(OTHER, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn prepared(request: TestRequest) -> ServiceRequest {
        let mut request = request.to_srv_request();
        prepare(&mut request);
        request
    }

    #[test]
    fn an_invented_method_has_no_name_of_its_own() {
        for (sent, named) in [("GET", "GET"), ("HEAD", "HEAD"), ("BREW", OTHER), ("get", OTHER)] {
            let sent = Method::from_bytes(sent.as_bytes()).unwrap();
            assert_eq!(method(&prepared(TestRequest::default().method(sent))), named);
        }
        assert_eq!(prepared(TestRequest::default().method(Method::HEAD)).method(), Method::GET);
    }

    #[test]
    fn a_target_in_absolute_form_is_its_path_and_its_host() {
        let request =
            TestRequest::with_uri("http://u:pw@shop.example:81/a?b=c").insert_header((HOST, "other"));
        let request = prepared(request);
        assert_eq!(request.uri(), "/a?b=c");
        assert_eq!(request.headers().get(HOST).unwrap(), "shop.example:81");
        assert_eq!(request.connection_info().host(), "shop.example:81");
    }

    #[test]
    fn a_host_that_is_none_leaves_the_servers_own_address() {
        let own = prepared(TestRequest::default()).connection_info().host().to_owned();
        assert!(!own.is_empty());
        for host in ["", " ", "/", "a b", "u:pw@h", ":80", ","] {
            let request = prepared(TestRequest::default().insert_header((HOST, host)));
            assert_eq!(request.connection_info().host(), own, "{host}");
        }
        let request = prepared(TestRequest::default().insert_header((HOST, "[::1]:80")));
        assert_eq!(request.connection_info().host(), "[::1]:80");
    }
}

//! Who may read and clear: requests that a browser sends for somebody else's page may not.
//!
//! An attacker's host name can resolve to this machine (DNS rebinding), and a foreign page can send requests to an
//! address of this machine (CSRF). Neither can name this server's host, and neither has its origin. Envelopes are not
//! guarded: browsers' SDKs send them from any origin.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::ingest;
use crate::refusal::refusal;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The names under which the inbox may be looked at, beside addresses and `localhost`.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Arc<[String]>);

/// What is not a list of host names.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a host name")]
pub struct BadHost(String);

impl std::str::FromStr for AllowedHosts {
    type Err = BadHost;

    /// Names with commas between them.
    fn from_str(text: &str) -> Result<Self, BadHost> {
        let is_name = |name: &str| {
            name.len() <= 253
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let read = |name: &str| {
            if is_name(name) {
                Ok(name.to_ascii_lowercase())
            } else {
                Err(BadHost(name.chars().take(50).collect()))
            }
        };
        names.map(read).collect::<Result<Vec<_>, _>>().map(|names| Self(names.into()))
    }
}

impl AllowedHosts {
    /// An address cannot be rebound: a page of that origin has come from here. A name can, unless it is known.
    fn allows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(&host);
        bare.parse::<IpAddr>().is_ok() || bare == "localhost" || self.0.iter().any(|it| it == bare)
    }
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Foreign {
    #[error("this is not a host under which the inbox is known; INBOX_ALLOWED_HOSTS can name it")]
    Host,
    #[error("another origin may not do this")]
    Origin,
}

/// Turns foreign requests away.
pub(crate) async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let hosts = request.app_data::<web::Data<AllowedHosts>>();
    let foreign = hosts.and_then(|hosts| foreign(hosts, request.method(), request.uri(), request.headers()));
    match foreign.filter(|_| !is_open(request.method(), request.path())) {
        None => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Some(why) => {
            let answer = refusal(StatusCode::FORBIDDEN, &why.to_string());
            Ok(request.into_response(answer).map_into_right_body())
        }
    }
}

/// Envelopes, and the question whether the inbox is there: it comes from probes that know it by any name.
fn is_open(method: &Method, path: &str) -> bool {
    path == "/health" || ingest::is_upload(method, path)
}

fn foreign(hosts: &AllowedHosts, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Foreign> {
    let named: Vec<_> =
        headers.get_all(HOST).map(|host| authority(host.to_str().unwrap_or_default())).collect();
    let [Some(authority)] = named.as_slice() else { return Some(Foreign::Host) };
    let target = uri.host().is_none_or(|host| hosts.allows(host));
    if !target || !hosts.allows(authority.host()) {
        return Some(Foreign::Host);
    }
    let own = |origin: &str| {
        let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(authority.as_str()))
    };
    let origins = headers.get_all(ORIGIN).all(|origin| origin.to_str().is_ok_and(own));
    // Links of other pages lead here; their scripts and forms do nothing here.
    let navigates = *method == Method::GET && headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate");
    let site = |site: &[u8]| [&b"same-origin"[..], b"none"].contains(&site);
    let sites = navigates || headers.get_all(FETCH_SITE).all(|it| site(it.as_bytes()));
    if origins && sites { None } else { Some(Foreign::Origin) }
}

fn authority(host: &str) -> Option<actix_web::http::uri::Authority> {
    host.parse().ok().filter(|it: &actix_web::http::uri::Authority| !it.as_str().contains('@'))
}

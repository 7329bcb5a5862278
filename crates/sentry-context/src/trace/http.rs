//! Traces that come in with a request, by Sentry's own headers or as W3C
//! [trace context](https://www.w3.org/TR/trace-context/#traceparent-header).
//!
//! The SDK continues a trace from `sentry-trace` only, and accepts invalid ones. This module validates the headers before
//! the SDK reads them.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::baggage::Baggage;
use super::incoming::{Incoming, SentryTrace};

const SENTRY_TRACE: HeaderName = HeaderName::from_static("sentry-trace");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Leaves the request with one valid `sentry-trace` header or with none, and stores the trace in its extensions. Without a
/// valid `sentry-trace`, a valid `traceparent` replaces it.
pub(crate) fn translate(request: &mut ServiceRequest) {
    let incoming = incoming(request.headers());
    let reported = incoming.as_ref().and_then(|incoming| HeaderValue::try_from(incoming.sentry_trace()).ok());
    match reported {
        Some(value) => drop(request.headers_mut().insert(SENTRY_TRACE, value)),
        None => drop(request.headers_mut().remove(SENTRY_TRACE)),
    }
    if let Some(incoming) = incoming {
        request.extensions_mut().insert(incoming);
    }
    join_baggage(request.headers_mut());
}

/// Joins several `baggage` headers into one: a reader who asks by name would see only the first.
fn join_baggage(headers: &mut HeaderMap) {
    if headers.get_all(BAGGAGE).nth(1).is_none() {
        return;
    }
    let all = headers.get_all(BAGGAGE).map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b',');
    if let Ok(all) = HeaderValue::from_bytes(&all) {
        headers.insert(BAGGAGE, all);
    }
}

/// The trace that the headers name. If there are several headers of one name, the first valid one counts.
fn incoming(headers: &HeaderMap) -> Option<Incoming> {
    let texts = |name| headers.get_all(name).filter_map(|value| value.to_str().ok());
    let baggage = || Baggage::parse(headers.get_all(BAGGAGE).map(HeaderValue::as_bytes));
    let sentry = texts(SENTRY_TRACE).find(|header| SentryTrace::parse(header).is_some());
    match sentry {
        Some(header) => Incoming::from_sentry(header, baggage()),
        None => texts(TRACEPARENT).find_map(w3c).map(|trace| Incoming::from_w3c(trace, baggage())),
    }
}

/// Reads `00-TRACE-SPAN-FLAGS`. A parent that was not sampled leaves the decision to this service.
fn w3c(traceparent: &str) -> Option<SentryTrace> {
    let mut parts = traceparent.trim_matches([' ', '\t']).split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // Version ff is forbidden; later versions may add parts at the end, version 00 may not.
    let known = is_byte(version) && version != "ff" && (version != "00" || parts.next().is_none());
    if !known || !is_byte(flags) || !is_hex(trace) || !is_hex(span) {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    SentryTrace::of(trace, span, sampled.then_some(true))
}

fn is_byte(text: &str) -> bool {
    text.len() == 2 && is_hex(text)
}

/// W3C allows lower case only.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn translated(traceparent: &str) -> Option<String> {
        w3c(traceparent).map(|trace| trace.to_string())
    }

    fn header_after(headers: &[(&str, &str)]) -> Option<String> {
        let request =
            headers.iter().fold(TestRequest::get(), |request, header| request.append_header(*header));
        let mut request = request.to_srv_request();
        translate(&mut request);
        assert!(request.headers().get_all(SENTRY_TRACE).count() <= 1);
        request.headers().get(SENTRY_TRACE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_sampled_parent_is_continued_and_another_leaves_the_choice_here() {
        assert_eq!(translated(&format!("00-{TRACE}-{SPAN}-01")), Some(format!("{TRACE}-{SPAN}-1")));
        assert_eq!(translated(&format!("00-{TRACE}-{SPAN}-00")), Some(format!("{TRACE}-{SPAN}")));
        assert_eq!(translated(&format!("01-{TRACE}-{SPAN}-01-later")), Some(format!("{TRACE}-{SPAN}-1")));
    }

    #[test]
    fn what_is_no_traceparent_is_left_alone() {
        let zeros = "0".repeat(32);
        for broken in [
            "".to_owned(),
            "nonsense".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-zz"),
            format!("00-{TRACE}-{SPAN}-1"),
        ] {
            assert_eq!(translated(&broken), None, "{broken}");
        }
    }

    #[test]
    fn sentrys_own_header_wins_where_it_is_valid() {
        let (w3c, own) = (format!("00-{}-{SPAN}-01", "1".repeat(32)), format!("{TRACE}-{SPAN}-0"));
        let broken = format!("{}-{SPAN}-1", "0".repeat(32));
        let w3c_as_own = format!("{}-{SPAN}-1", "1".repeat(32));
        assert_eq!(header_after(&[("sentry-trace", &own), ("traceparent", &w3c)]), Some(own.clone()));
        assert_eq!(header_after(&[("sentry-trace", &broken), ("traceparent", &w3c)]), Some(w3c_as_own));
        assert_eq!(header_after(&[("sentry-trace", &broken), ("sentry-trace", &own)]), Some(own));
        assert_eq!(header_after(&[("sentry-trace", &broken)]), None);
        assert_eq!(header_after(&[("sentry-trace", "not-a-trace")]), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_any_traceparent_is_read_or_none(header in r#"(0[01]|ff|[0-9a-f]{16}|[0-9a-f]{0,3}|-|0{16}|[ \té]){0,10}"#) {
            if let Some(trace) = w3c(&header) {
                proptest::prop_assert_eq!(SentryTrace::parse(&trace.to_string()), Some(trace));
            }
        }
    }
}

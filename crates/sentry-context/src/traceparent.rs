//! Traces that come in as W3C [trace context](https://www.w3.org/TR/trace-context/#traceparent-header).
//!
//! The SDK continues a trace from `sentry-trace` only. A caller that has no Sentry sends `traceparent`; it is
//! translated before the Sentry middleware looks:
//!
//! ```ignore
//! App::new()
//!     .wrap(client::middleware(hub))
//!     .wrap_fn(|mut request, app| {              // outermost
//!         traceparent::translate(&mut request);
//!         app.call(request)
//!     })
//! ```

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};

const SENTRY_TRACE: HeaderName = HeaderName::from_static("sentry-trace");

/// Adds the `sentry-trace` header that a `traceparent` stands for, unless the request has one.
pub fn translate(request: &mut ServiceRequest) {
    if request.headers().contains_key(SENTRY_TRACE) {
        return;
    }
    let told =
        request.headers().get("traceparent").and_then(|value| value.to_str().ok()).and_then(sentry_trace);
    if let Some(value) = told.and_then(|value| HeaderValue::try_from(value).ok()) {
        request.headers_mut().insert(SENTRY_TRACE, value);
    }
}

/// `00-TRACE-SPAN-FLAGS` as `TRACE-SPAN-1`. A parent that was not sampled there decides nothing here.
fn sentry_trace(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_id = |id: &str, len| id.len() == len && is_hex(id) && id.bytes().any(|byte| byte != b'0');
    // Version ff is forbidden; later versions may add parts at the end, version 00 may not.
    let known = version.len() == 2
        && is_hex(version)
        && version != "ff"
        && (version != "00" || parts.next().is_none());
    if !known || !is_id(trace, 32) || !is_id(span, 16) || flags.len() != 2 {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    Some(if sampled { format!("{trace}-{span}-1") } else { format!("{trace}-{span}") })
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_sampled_parent_is_continued_and_another_leaves_the_choice_here() {
        assert_eq!(sentry_trace(&format!("00-{TRACE}-{SPAN}-01")), Some(format!("{TRACE}-{SPAN}-1")));
        assert_eq!(sentry_trace(&format!("00-{TRACE}-{SPAN}-00")), Some(format!("{TRACE}-{SPAN}")));
        assert_eq!(sentry_trace(&format!("01-{TRACE}-{SPAN}-01-later")), Some(format!("{TRACE}-{SPAN}-1")));
    }

    #[test]
    fn what_is_no_traceparent_is_left_alone() {
        let zeros = "0".repeat(32);
        for broken in [
            "".to_owned(),
            "nonsense".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-zz"),
        ] {
            assert_eq!(sentry_trace(&broken), None, "{broken}");
        }
    }
}

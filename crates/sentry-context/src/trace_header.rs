//! The envelope's `trace` header, Sentry's
//! [dynamic sampling context](https://develop.sentry.dev/sdk/telemetry/traces/dynamic-sampling-context/): who started
//! the trace, and how it is sampled. A trace that came in keeps what its `baggage` says; ours tells of this service.

use sentry::protocol::{Context, DynamicSamplingContext, EnvelopeHeaders, Map, Request, TraceId, Value};
use serde::Deserialize;
use url::form_urlencoded;

use crate::redaction;

/// What stands in `baggage` before Sentry's own members.
const PREFIX: &str = "sentry-";

/// What a trace that started here says of itself.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The key of the DSN.
    pub public_key: String,
    /// The service's release.
    pub release: String,
    /// The environment.
    pub environment: String,
}

impl Head {
    /// The header for what has these contexts and came of that request. `told` is what the SDK would send: it knows
    /// the rate.
    pub(crate) fn of(
        &self,
        told: DynamicSamplingContext,
        contexts: &Map<String, Context>,
        request: Option<&Request>,
    ) -> Option<DynamicSamplingContext> {
        let Some(Context::Trace(trace)) = contexts.get("trace") else { return None };
        let continued = trace.parent_span_id.and_then(|_| continued(request?, trace.trace_id));
        Some(continued.unwrap_or_else(|| {
            told.with_trace_id(trace.trace_id)
                .with_public_key(self.public_key.clone())
                .with_release(self.release.clone())
                .with_environment(self.environment.clone())
        }))
    }
}

/// What the SDK put there; nothing on an event.
pub(crate) fn told(headers: &EnvelopeHeaders) -> DynamicSamplingContext {
    let headers = serde_json::to_value(headers).unwrap_or_default();
    headers.get("trace").and_then(|trace| DynamicSamplingContext::deserialize(trace).ok()).unwrap_or_default()
}

/// What the baggage of the request says of this very trace.
fn continued(request: &Request, trace: TraceId) -> Option<DynamicSamplingContext> {
    let baggage = request.headers.get("baggage")?;
    let member = |member: &str| -> Option<(String, Value)> {
        let (name, told) = member.trim().strip_prefix(PREFIX)?.split_once('=')?;
        // A plus is a plus in baggage.
        let told = told.replace('+', "%2B");
        let (mut told, _) = form_urlencoded::parse(told.as_bytes()).next()?;
        redaction::text(told.to_mut());
        Some((name.to_owned(), told.into_owned().into()))
    };
    let members: Map<String, Value> = baggage.split(',').filter_map(member).collect();
    let same = members.get("trace_id").and_then(Value::as_str) == Some(&trace.to_string());
    let known = same && members.contains_key("public_key");
    known.then(|| serde_json::to_value(members).and_then(serde_json::from_value).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn told(baggage: &str) -> Option<Value> {
        let headers = [("baggage".to_owned(), baggage.to_owned())].into_iter().collect();
        let request = Request { headers, ..Request::default() };
        let told = continued(&request, TRACE.parse().unwrap())?;
        serde_json::to_value(told).ok()
    }

    #[test]
    fn what_the_head_of_the_trace_said_goes_on() {
        let baggage = format!(
            "other=x, sentry-trace_id={TRACE},sentry-public_key=abc,sentry-release=front%401+2,sentry-sample_rate=0.25,\
             sentry-sampled=true,sentry-transaction=GET%20/?token=s,sentry-replay_id=1"
        );
        let told = told(&baggage).unwrap();
        assert_eq!(told["public_key"], "abc");
        assert_eq!(told["release"], "front@1+2");
        assert_eq!(told["sample_rate"], "0.25");
        assert_eq!(told["transaction"], "GET /?token=[Filtered]");
    }

    #[test]
    fn baggage_of_another_trace_or_that_nobody_understands_is_left() {
        for baggage in [
            String::new(),
            "other=x".to_owned(),
            format!("sentry-trace_id={TRACE}"),
            format!("sentry-trace_id={},sentry-public_key=abc", "0".repeat(32)),
            format!("sentry-trace_id={TRACE},sentry-public_key=abc,sentry-sample_rate=often"),
        ] {
            assert_eq!(told(&baggage), None, "{baggage}");
        }
    }
}

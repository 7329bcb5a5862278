//! The envelope's `trace` header, Sentry's
//! [dynamic sampling context](https://develop.sentry.dev/sdk/foundations/trace-propagation/dynamic-sampling-context/):
//! who began the trace, and how it is sampled. A trace that came in has its own, which goes out as it came; otherwise the
//! context describes this service.

use sentry::protocol::{Context, EnvelopeHeaders, Map, Value};

use super::baggage::Baggage;
use crate::redaction;

/// Names and values of a header.
pub type Members = Map<String, Value>;

/// Members that Sentry defines. The name of any other may say that its value is a secret.
const KNOWN: [&str; 11] = [
    "environment",
    "org_id",
    "public_key",
    "release",
    "replay_id",
    "sample_rand",
    "sample_rate",
    "sampled",
    "trace_id",
    "transaction",
    "user_segment",
];

/// How a trace that begins here describes this service.
#[derive(Debug, Clone, Default)]
pub struct OwnContext {
    /// The key of the DSN.
    pub public_key: String,
    /// The service's release.
    pub release: String,
    /// The environment.
    pub environment: String,
    /// The organization, if the DSN names it.
    pub org_id: Option<String>,
}

/// The event or transaction for which a header is made.
pub(crate) struct About<'a> {
    /// The context that its trace came in with.
    pub(crate) frozen: Option<Baggage>,
    /// Its contexts.
    pub(crate) contexts: &'a Map<String, Context>,
    /// Its name, if that is a pattern and not a path.
    pub(crate) transaction: Option<&'a str>,
}

impl OwnContext {
    /// The header. `sdk` has the members that the SDK would send, among them the sample rate.
    pub(crate) fn header(&self, sdk: &Members, about: &About<'_>) -> Option<Members> {
        let Some(Context::Trace(trace)) = about.contexts.get("trace") else { return None };
        match &about.frozen {
            Some(frozen) => as_it_came(frozen),
            None => Some(self.begun_here(&trace.trace_id.to_string(), sdk, about.transaction)),
        }
    }

    fn begun_here(&self, trace_id: &str, sdk: &Members, transaction: Option<&str>) -> Members {
        let mut members = sdk.clone();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                members.insert(name.to_owned(), value.into());
            }
        };
        add("trace_id", trace_id);
        add("public_key", &self.public_key);
        add("release", &self.release);
        add("environment", &self.environment);
        add("org_id", self.org_id.as_deref().unwrap_or_default());
        add("transaction", transaction.unwrap_or_default());
        members
    }
}

/// A server ignores a context without trace or key: then there is no header.
fn as_it_came(frozen: &Baggage) -> Option<Members> {
    let mut members = frozen.to_json();
    if !["trace_id", "public_key"].iter().all(|name| members.contains_key(*name)) {
        return None;
    }
    for (name, value) in &mut members {
        if !KNOWN.contains(&name.as_str()) && redaction::is_secret(name) {
            *value = redaction::FILTERED.into();
        }
        redaction::value(value);
    }
    Some(members)
}

/// The members that the SDK has set; none for an event.
pub(crate) fn of_sdk(headers: &EnvelopeHeaders) -> Members {
    let headers = serde_json::to_value(headers).unwrap_or_default();
    let members = headers.get("trace").and_then(Value::as_object);
    members.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use sentry::protocol::TraceContext;
    use serde_json::json;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn header(frozen: Option<&str>) -> Option<Value> {
        let own = OwnContext {
            public_key: "key".to_owned(),
            release: "shop@1".to_owned(),
            environment: "test".to_owned(),
            org_id: Some("7".to_owned()),
        };
        let trace = TraceContext { trace_id: TRACE.parse().unwrap(), ..TraceContext::default() };
        let about = About {
            frozen: frozen.map(Baggage::of),
            contexts: &[("trace".to_owned(), trace.into())].into(),
            transaction: Some("GET /a"),
        };
        let sdk = [("sample_rate".to_owned(), "0.25".into()), ("sampled".to_owned(), "true".into())].into();
        own.header(&sdk, &about).map(|members| json!(members))
    }

    #[test]
    fn a_context_that_came_in_goes_on_with_every_member() {
        let frozen = format!(
            "sentry-trace_id={TRACE},sentry-public_key=abc,sentry-release=front%401+2,sentry-sample_rate=0.25,\
             sentry-sampled=true,sentry-replay_id=r,sentry-org_id=1,sentry-sample_rand=0.1,sentry-new=x%2Cy"
        );
        assert_eq!(
            header(Some(&frozen)),
            Some(json!({
                "trace_id": TRACE, "public_key": "abc", "release": "front@1+2", "sample_rate": "0.25",
                "sampled": "true", "replay_id": "r", "org_id": "1", "sample_rand": "0.1", "new": "x,y",
            }))
        );
    }

    #[test]
    fn only_a_secret_is_filtered_in_it() {
        let frozen = format!(
            "sentry-trace_id={TRACE},sentry-public_key=abc,sentry-transaction=GET%20/?token=s,sentry-my-token=x"
        );
        let header = header(Some(&frozen)).unwrap();
        assert_eq!(header["public_key"], "abc");
        assert_eq!(header["transaction"], "GET /?token=[Filtered]");
        assert_eq!(header["my-token"], "[Filtered]");
    }

    #[test]
    fn a_frozen_context_that_says_nothing_of_use_makes_no_header() {
        for frozen in ["", "sentry-release=x", &format!("sentry-trace_id={TRACE}"), "sentry-public_key=abc"] {
            assert_eq!(header(Some(frozen)), None, "{frozen}");
        }
    }

    #[test]
    fn a_trace_that_begins_here_speaks_of_this_service() {
        assert_eq!(
            header(None),
            Some(json!({
                "trace_id": TRACE, "public_key": "key", "release": "shop@1", "environment": "test", "org_id": "7",
                "sample_rate": "0.25", "sampled": "true", "transaction": "GET /a",
            }))
        );
    }
}

//! Feature flags: which were evaluated before an event, and how, in Sentry's
//! [context `flags`](https://docs.sentry.io/product/issues/issue-details/feature-flags/).

use sentry::protocol::{Context, Map, Value};
use serde_json::json;

use crate::current_span;
use crate::facts::facts;

/// Most flags of an event, as in Sentry's SDKs.
const MOST: usize = 100;

/// How a flag is called among the contexts of a scope, which keeps one value of each.
const PREFIX: &str = "flag.evaluation.";

/// Notes that a flag was evaluated: the events that follow, the transaction and its open span say with which result.
/// `flag` is one of a few names.
pub fn evaluated(flag: &'static str, result: bool) {
    let name = format!("{PREFIX}{flag}");
    sentry::configure_scope(|scope| {
        if let Some(span) = scope.get_span().filter(current_span::is_sampled) {
            span.set_data(&name, result.into());
        }
        scope.set_context(&name, Context::Other(facts([("result", result.into())])));
    });
}

/// Makes one context of what was noted.
pub(crate) fn gather(contexts: &mut Map<String, Context>) {
    let mut evaluations = Vec::new();
    contexts.retain(|name, context| {
        let Some(flag) = name.strip_prefix(PREFIX) else { return true };
        if let Context::Other(facts) = context
            && evaluations.len() < MOST
        {
            evaluations.push(json!({ "flag": flag, "result": facts.get("result") }));
        }
        false
    });
    if !evaluations.is_empty() {
        let values = facts([("values", Value::Array(evaluations))]);
        contexts.insert("flags".to_owned(), Context::Other(values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(flags: usize) -> Map<String, Context> {
        let one = |number| {
            (
                format!("{PREFIX}flag-{number:03}"),
                Context::Other(facts([("result", (number % 2 == 0).into())])),
            )
        };
        (0..flags).map(one).collect()
    }

    fn gathered(mut contexts: Map<String, Context>) -> Map<String, Context> {
        gather(&mut contexts);
        contexts
    }

    #[test]
    fn flags_are_one_context_in_sentrys_format() {
        let contexts = gathered(noted(2));
        assert_eq!(contexts.keys().collect::<Vec<_>>(), ["flags"]);
        let Some(Context::Other(flags)) = contexts.get("flags") else { panic!("{contexts:?}") };
        let values = json!([{ "flag": "flag-000", "result": true }, { "flag": "flag-001", "result": false }]);
        assert_eq!(flags["values"], values);
    }

    #[test]
    fn an_event_has_a_hundred_flags_at_most() {
        let contexts = gathered(noted(MOST + 1));
        let Some(Context::Other(flags)) = contexts.get("flags") else { panic!("{contexts:?}") };
        assert_eq!(flags["values"].as_array().map(Vec::len), Some(MOST));
        assert_eq!(contexts.len(), 1);
    }

    #[test]
    fn where_no_flag_was_evaluated_there_is_no_context() {
        assert!(gathered(Map::new()).is_empty());
    }
}

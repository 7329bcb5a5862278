//! The parts of a promise, as people call them.

/// The part to which a field belongs; `prefix` says of what it is a field.
pub(super) fn of(prefix: &str, field: &str) -> &'static str {
    if prefix == "transaction" || field == "transactions" {
        return "transaction";
    }
    const PARTS: [(&str, &str); 22] = [
        ("answer", "answer"),
        ("events", "events"),
        ("level", "level"),
        ("exception.mechanism", "handled"),
        ("exception", "type"),
        ("message", "message"),
        ("fingerprint", "grouping"),
        ("breadcrumbs", "breadcrumbs"),
        ("contexts.trace", "trace"),
        ("contexts", "contexts"),
        ("tags", "tags"),
        ("transaction", "request"),
        ("user", "user"),
        ("request", "request"),
        ("release", "release"),
        ("environment", "release"),
        ("server_name", "release"),
        ("sdk", "release"),
        ("stack trace", "stack"),
        ("secrets", "secrets"),
        ("profile", "profile"),
        ("job", "job"),
    ];
    PARTS.iter().find(|(start, _)| field.starts_with(start)).map_or("others", |(_, part)| part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::mismatch::{Findings, Part};

    #[test]
    fn a_part_is_kept_where_all_of_its_fields_are() {
        let mut event = Findings::about("event");
        event.equal("level", "error", "error");
        event.equal("tags.service", "shop", "shop");
        event.hold("tags.scenario", false, "shop.leak", "none");
        event.equal("tags.debug.demo", "true", "true");
        let mut findings = Findings::default();
        findings.equal("answer.status", 200, 200);
        findings.include(event);
        let kept = |name, kept| Part { name, kept };
        assert_eq!(findings.parts(), [kept("answer", true), kept("level", true), kept("tags", false)]);
        assert_eq!(findings.into_vec().len(), 1);
    }

    #[test]
    fn every_field_that_is_compared_belongs_to_a_part() {
        for (prefix, field, part) in [
            ("", "answer header X-Sentry-Event-Id", "answer"),
            ("event 2", "exception.mechanism.handled", "handled"),
            ("event", "exception.type", "type"),
            ("event", "contexts.trace.trace_id", "trace"),
            ("event", "contexts.runtime.threads", "contexts"),
            ("event", "transaction", "request"),
            ("event", "stack trace.top in_app line", "stack"),
            ("transaction", "contexts.trace.status", "transaction"),
            ("", "transactions", "transaction"),
            ("", "job.run", "job"),
        ] {
            assert_eq!(of(prefix, field), part, "{prefix} {field}");
        }
    }
}

//! By which names events, issues, transactions and log entries are searched.

use crate::answers::TraceSummary;
use crate::facts::Facts;
use crate::issue::{Issue, IssueStatus};
use crate::query::Searched;
use crate::received::{Entry, Event, Transaction, attribute};

/// The fields of a search that are an issue's own; all others are those of its events.
pub(crate) fn is_of_issue(key: &str) -> bool {
    ["is", "times_seen", "count", "users", "first_seen", "last_seen", "issue"].contains(&key)
}

/// The fields of a search that are a trace's own; all others are those of its transactions.
pub(crate) fn is_of_trace(key: &str) -> bool {
    ["errors", "transactions"].contains(&key)
}

/// What Sentry calls facts by other names.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("user", "user.id"),
    ("user.name", "user.username"),
    ("user.ip_address", "user.ip"),
    ("env", "environment"),
    ("server", "server_name"),
    ("op", "transaction.op"),
    ("span.op", "transaction.op"),
    ("status", "transaction.status"),
];

fn fact(facts: &Facts, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
    let renamed = OTHER_NAMES.iter().find(|(name, _)| *name == key).map(|(_, fact)| *fact);
    let named = |name: &str| name.eq_ignore_ascii_case(key) || renamed.is_some_and(|fact| name == fact);
    facts.iter().any(|(name, value)| named(name) && fits(value))
}

fn any(values: [Option<&String>; 3], fits: &dyn Fn(&str) -> bool) -> bool {
    values.into_iter().flatten().any(|value| fits(value))
}

fn number(value: f64, fits: &dyn Fn(&str) -> bool) -> bool {
    fits(&value.to_string())
}

/// `true` and `false`, and the numbers that Sentry writes for them.
fn flag(flag: Option<bool>, fits: &dyn Fn(&str) -> bool) -> bool {
    flag.is_some_and(|flag| fits(if flag { "true" } else { "false" }) || fits(if flag { "1" } else { "0" }))
}

impl Searched for Issue {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        fits(&self.title) || any([self.culprit.as_ref(), self.value.as_ref(), None], fits)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        let optional = |value: &Option<String>| value.as_ref().is_some_and(|value| fits(value));
        match key {
            "is" => {
                let status = match self.status {
                    IssueStatus::Unresolved => ["unresolved", "for_review"],
                    IssueStatus::Resolved => ["resolved", "resolved"],
                    IssueStatus::Ignored => ["ignored", "archived"],
                };
                status.into_iter().any(fits) || (self.regressed && fits("regressed"))
            }
            "times_seen" | "count" => number(self.count as f64, fits),
            "users" => number(self.users as f64, fits),
            "first_seen" => number(self.first_seen, fits),
            "last_seen" => number(self.last_seen, fits),
            "issue" => fits(&self.id),
            "project" => fits(&self.project),
            "level" => fits(&self.level),
            "title" => fits(&self.title),
            "message" => self.text(fits),
            "handled" | "error.handled" => flag(self.handled, fits),
            "unhandled" | "error.unhandled" => flag(self.handled.map(|handled| !handled), fits),
            "type" | "error.type" => optional(&self.ty),
            "value" | "error.value" => optional(&self.value),
            "culprit" | "transaction" => optional(&self.culprit),
            "service" => optional(&self.service),
            "scenario" => optional(&self.scenario),
            "release" => optional(&self.release),
            "environment" => optional(&self.environment),
            _ => false,
        }
    }
}

impl Searched for Event {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        let summary = &self.summary;
        let texts = [self.culprit.as_ref(), summary.value.as_ref(), Some(&summary.event_id)];
        fits(&summary.title) || any(texts, fits)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        let summary = &self.summary;
        let optional = |value: &Option<String>| value.as_ref().is_some_and(|value| fits(value));
        match key {
            "id" | "event" | "event_id" => fits(&summary.event_id),
            "issue" => fits(&summary.issue_id),
            "project" => fits(&summary.project),
            "title" => fits(&summary.title),
            "message" => self.text(fits),
            "handled" | "error.handled" => flag(self.handled, fits),
            "unhandled" | "error.unhandled" => flag(self.handled.map(|handled| !handled), fits),
            "type" | "error.type" => optional(&summary.ty),
            "value" | "error.value" => optional(&summary.value),
            "culprit" => optional(&self.culprit),
            "trace" | "trace_id" => optional(&summary.trace_id),
            _ => fact(&self.facts, key, fits),
        }
    }
}

impl Searched for Transaction {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        let summary = &self.summary;
        any([summary.transaction.as_ref(), summary.op.as_ref(), summary.trace_id.as_ref()], fits)
            || fits(&summary.event_id)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        let summary = &self.summary;
        let optional = |value: &Option<String>| value.as_ref().is_some_and(|value| fits(value));
        match key {
            "id" | "event_id" => fits(&summary.event_id),
            "project" => fits(&summary.project),
            "trace" | "trace_id" => optional(&summary.trace_id),
            "transaction" | "message" | "title" => optional(&summary.transaction),
            "duration" | "transaction.duration" => {
                summary.duration_ms.is_some_and(|duration| number(duration, fits))
            }
            "spans" => number(summary.span_count as f64, fits),
            _ => fact(&self.facts, key, fits),
        }
    }
}

impl Searched for TraceSummary {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        fits(&self.trace_id)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        match key {
            "errors" => number(self.errors as f64, fits),
            "transactions" => number(self.transactions as f64, fits),
            _ => false,
        }
    }
}

impl Searched for Entry {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        fits(&self.text)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        let optional = |value: &Option<String>| value.as_ref().is_some_and(|value| fits(value));
        match key {
            "level" | "severity" => optional(&self.level),
            "message" | "body" | "name" => fits(&self.text),
            "trace" | "trace_id" => optional(&self.trace_id),
            "span" | "span_id" => optional(&self.span_id),
            _ => {
                let entry = self.payload.read();
                let names = [key, &format!("sentry.{key}"), &format!("{key}.name")];
                names.into_iter().any(|name| attribute(&entry, name).is_some_and(|value| fits(&value)))
            }
        }
    }
}

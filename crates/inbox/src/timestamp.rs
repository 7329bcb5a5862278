//! Sentry's two forms of time: seconds since 1970 as a number, or RFC 3339 as a string.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970.
pub fn seconds(timestamp: &Value) -> Option<f64> {
    match timestamp {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            OffsetDateTime::parse(text, &Rfc3339).ok().map(|at| at.unix_timestamp_nanos() as f64 / 1e9)
        }
        _ => None,
    }
}

/// Seconds since 1970, now.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same() {
        assert_eq!(seconds(&Value::from(1_795_459_484.5)), Some(1_795_459_484.5));
        assert_eq!(seconds(&Value::from("2026-11-23T18:44:44.5Z")), Some(1_795_459_484.5));
        assert_eq!(seconds(&Value::from("yesterday")), None);
    }
}

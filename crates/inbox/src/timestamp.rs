//! Sentry's two forms of time: seconds since 1970 as a number, or RFC 3339 as a string.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Longest text that can be a time, bytes.
const MAX_TEXT: usize = 64;

/// Seconds since 1970.
pub fn seconds(timestamp: &Value) -> Option<f64> {
    match timestamp {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => read(text.trim()),
        _ => None,
    }
}

/// Old clients leave out the zone, which is UTC then, or write a blank for the `T`; some send the number as text.
fn read(text: &str) -> Option<f64> {
    if text.len() > MAX_TEXT {
        return None;
    }
    if let Ok(number) = text.parse::<f64>() {
        return Some(number).filter(|number| number.is_finite());
    }
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00"));
    let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(end);
    let zone = match zone {
        "" => "Z".to_owned(),
        // `+0100` and `+01`.
        _ if zone.len() == 5 && zone.is_ascii() && !zone.contains(':') => {
            format!("{}:{}", &zone[..3], &zone[3..])
        }
        _ if zone.len() == 3 => format!("{zone}:00"),
        _ => zone.to_owned(),
    };
    let seconds = if clock.trim().len() == 5 { ":00" } else { "" };
    let text = format!("{date}T{}{seconds}{zone}", clock.trim());
    OffsetDateTime::parse(&text, &Rfc3339).ok().map(|at| at.unix_timestamp_nanos() as f64 / 1e9)
}

/// Seconds since 1970, now.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_forms_mean_the_same() {
        assert_eq!(seconds(&Value::from(1_795_459_484.5)), Some(1_795_459_484.5));
        for text in [
            "2026-11-23T18:44:44.5Z",
            "2026-11-23T18:44:44.500000",
            "2026-11-23 18:44:44.5",
            "2026-11-23 18:44:44.5 +0000",
            "2026-11-23T19:44:44.5+01:00",
            "2026-11-23T19:44:44.5+0100",
            "2026-11-23T17:44:44.5-01",
            "1795459484.5",
        ] {
            assert_eq!(seconds(&Value::from(text)), Some(1_795_459_484.5), "{text}");
        }
        assert_eq!(seconds(&Value::from("2026-11-23")), seconds(&Value::from("2026-11-23T00:00Z")));
        for text in ["", "yesterday", "NaN", "inf", "2026-13-01", "ä-T+ää", &"1".repeat(100)] {
            assert_eq!(seconds(&Value::from(text)), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_a_time_or_none(text in "[0-9TZ:+. ä-]{0,40}") {
            let _ = seconds(&Value::from(text));
        }
    }
}

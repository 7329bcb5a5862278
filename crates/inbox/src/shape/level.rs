//! Levels: Sentry's five, whatever a logging library calls them.

use serde_json::Value;

/// The level of an event; what cannot be read is an error.
pub(super) fn of(level: Option<&Value>) -> &'static str {
    let number = level.and_then(|level| level.as_f64().or_else(|| level.as_str()?.trim().parse().ok()));
    if let Some(number) = number {
        return numbered(number);
    }
    let word = level.and_then(Value::as_str).unwrap_or_default();
    // No word of these is longer.
    let word = if word.len() > 16 { String::new() } else { word.trim().to_ascii_lowercase() };
    match word.as_str() {
        "debug" | "trace" | "verbose" | "silly" | "fine" | "finer" | "finest" => "debug",
        "info" | "information" | "informational" | "notice" | "log" | "http" | "config" => "info",
        "warning" | "warn" => "warning",
        "fatal" | "critical" | "crit" | "alert" | "emergency" | "emerg" | "panic" | "dpanic" => "fatal",
        _ => "error",
    }
}

/// The numbers of Python's `logging` and of the Node.js libraries after it.
fn numbered(number: f64) -> &'static str {
    match number {
        ..=10.0 => "debug",
        ..=20.0 => "info",
        ..=30.0 => "warning",
        ..=40.0 => "error",
        _ => "fatal",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_words_are_one_of_five() {
        for (sent, level) in [
            (json!(10), "debug"),
            (json!(20), "info"),
            (json!("30"), "warning"),
            (json!(40.0), "error"),
            (json!(50), "fatal"),
            (json!(u64::MAX), "fatal"),
            (json!("warn"), "warning"),
            (json!(" WARNING "), "warning"),
            (json!("err"), "error"),
            (json!("Critical"), "fatal"),
            (json!("log"), "info"),
            (json!("trace"), "debug"),
            (json!("x".repeat(100_000)), "error"),
            (json!(null), "error"),
            (json!(["debug"]), "error"),
        ] {
            assert_eq!(of(Some(&sent)), level, "{sent}");
        }
        assert_eq!(of(None), "error");
    }
}

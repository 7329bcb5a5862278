//! `demo fingerprint RULES EVENT`: which rule an event matches, and what it becomes.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use sentry_context::fingerprint::Rules;
use sentry_context::sentry::protocol::Event;
use serde_json::Value;

use crate::cli::FingerprintOptions;
use crate::terminal;

/// The rules or the event cannot be used.
#[derive(Debug, thiserror::Error)]
enum FingerprintError {
    #[error("{file}: {error}")]
    Unreadable { file: String, error: io::Error },
    #[error("{file}: {error}")]
    Rules { file: String, error: sentry_context::fingerprint::RuleError },
    #[error("{file} is not JSON: {error}")]
    Json { file: String, error: serde_json::Error },
    #[error("{file} is not an event: {error}")]
    Event { file: String, error: serde_json::Error },
}

/// Prints the verdict. Exit status 0, also where no rule matches; 2 where rules or event cannot be read.
pub fn main(options: &FingerprintOptions) -> ExitCode {
    match verdict(options) {
        Ok(verdict) => {
            terminal::say(&verdict);
            ExitCode::SUCCESS
        }
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

fn verdict(options: &FingerprintOptions) -> Result<String, FingerprintError> {
    let rules = rules(&options.rules)?;
    let event = event(&options.event)?;
    let grouping = rules.group(&event);
    let mut lines = Vec::new();
    if options.why {
        // Rules after the one that matched were never asked.
        let last = grouping.as_ref().map_or(usize::MAX, |grouping| grouping.line);
        for mismatch in rules.mismatches(&event).into_iter().take_while(|mismatch| mismatch.line < last) {
            let found =
                if mismatch.found.is_empty() { "nothing".to_owned() } else { mismatch.found.join("; ") };
            lines.push(format!("line {} does not match: {} is {found}", mismatch.line, mismatch.wanted));
        }
    }
    match grouping {
        Some(grouping) => {
            lines.push(format!("line {} matches: {}", grouping.line, grouping.rule));
            lines.push(format!("fingerprint: {}", grouping.fingerprint.join(", ")));
            lines.extend(grouping.title.map(|title| format!("title: {title}")));
        }
        None => {
            lines.push("no rule matches".to_owned());
            lines.push("fingerprint: {{ default }}".to_owned());
        }
    }
    Ok(lines.join("\n"))
}

fn rules(path: &Path) -> Result<Rules, FingerprintError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| FingerprintError::Unreadable { file: file.clone(), error })?;
    text.parse().map_err(|error| FingerprintError::Rules { file, error })
}

fn event(path: &Path) -> Result<Event<'static>, FingerprintError> {
    let standard_input = path == Path::new("-");
    let file = if standard_input { "the event on stdin".to_owned() } else { path.display().to_string() };
    let text = if standard_input {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(|error| FingerprintError::Unreadable { file: file.clone(), error })?;
    let json =
        serde_json::from_str(&text).map_err(|error| FingerprintError::Json { file: file.clone(), error })?;
    serde_json::from_value(bare(json)).map_err(|error| FingerprintError::Event { file, error })
}

/// The event itself, out of an inbox's answer, and without what rules never look at: contexts come in shapes that the
/// SDK cannot read.
fn bare(mut json: Value) -> Value {
    if json.get("event").is_some_and(Value::is_object) {
        json = json["event"].take();
    }
    if let Some(event) = json.as_object_mut() {
        event.remove("contexts");
        event.remove("debug_meta");
    }
    json
}

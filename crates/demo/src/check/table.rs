//! The report for people.

use serde_json::Value;

use super::mismatch::Mismatch;
use super::recovery::{Recovery, Vitals};
use super::report::{Report, Verdict};

/// Longest value that is shown whole.
const LONGEST_VALUE: usize = 160;

/// A row per scenario with its mismatches below, a row per service, and the sum.
pub(super) fn render(report: &Report) -> String {
    let rows: Vec<_> = report.verdicts.iter().map(cells).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut lines = Vec::new();
    for (verdict, row) in report.verdicts.iter().zip(&rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        let row = cells.collect::<Vec<_>>().join("  ");
        lines.push(format!("{} {row}  {:>7.1} ms", mark(verdict.kept), verdict.elapsed_ms));
        lines.extend(verdict.mismatches.iter().map(difference));
        if !verdict.kept && report.inbox_stays {
            let events = verdict.events.iter();
            lines.extend(events.map(|event| format!("    see {}/events/{}", report.inbox, event.event_id)));
        }
    }
    lines.extend(report.skipped.iter().map(|it| format!("- {}  skipped: {}", it.id, it.reason)));
    lines.push(String::new());
    for recovery in &report.recoveries {
        lines.push(format!("{} {}", mark(recovery.mismatches.is_empty()), recovered(recovery)));
        lines.extend(recovery.mismatches.iter().map(difference));
    }
    lines.push(String::new());
    lines.push(sum(report));
    lines.join("\n")
}

const COLUMNS: usize = 4;

/// Id, call, status, events.
fn cells(verdict: &Verdict) -> [String; COLUMNS] {
    let label = |event: &super::report::Arrived| {
        format!("{} {}", event.level, event.ty.as_deref().unwrap_or("message"))
    };
    let events: Vec<_> = verdict.events.iter().map(label).collect();
    [
        verdict.id.clone(),
        format!("{} {}", verdict.method, verdict.path),
        verdict.status.map_or_else(|| "---".to_owned(), |status| status.to_string()),
        if events.is_empty() { "no event".to_owned() } else { events.join(", ") },
    ]
}

fn mark(good: bool) -> char {
    if good { '✓' } else { '✗' }
}

fn difference(mismatch: &Mismatch) -> String {
    let got = if mismatch.got.is_null() { "nothing".to_owned() } else { short(&mismatch.got) };
    format!("    {}: promised {}, got {got}", mismatch.field, short(&mismatch.promised))
}

/// Text as it is, other values as JSON, both cut where they are long.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    text.chars().take(LONGEST_VALUE).chain(['…']).collect()
}

fn recovered(recovery: &Recovery) -> String {
    let what = match (&recovery.before, &recovery.after) {
        (Some(before), Some(after)) => vitals(before, after),
        _ => "no event says how it is".to_owned(),
    };
    format!("{}: {what}", recovery.service)
}

fn vitals(before: &Vitals, after: &Vitals) -> String {
    let process = if before.started == after.started { "the same process" } else { "another process" };
    format!(
        "{process}, {} threads (before: {}), {} open files (before: {})",
        after.threads, before.threads, after.open_fds, before.open_fds
    )
}

fn sum(report: &Report) -> String {
    let (all, broken) = (report.verdicts.len(), report.broken());
    let sick = report.recoveries.iter().filter(|recovery| !recovery.mismatches.is_empty()).count();
    let sick = match sick {
        0 => "",
        1 => "; 1 service did not recover",
        _ => &format!("; {sick} services did not recover"),
    };
    let scenarios = if all == 1 { "scenario" } else { "scenarios" };
    let skipped = match report.skipped.len() {
        0 => "",
        count => &format!(", {count} skipped"),
    };
    format!("{all} {scenarios}, {} kept, {broken} broken{skipped}{sick}", all - broken)
}

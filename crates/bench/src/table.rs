//! The report for people, or as JSON.

use std::io::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::Error;
use crate::rows::{Delivery, Profiling, Report, Saturation, Start};

/// Prints the report to standard output.
pub(crate) fn print(report: &Report, json: bool) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        return Ok(writeln!(out)?);
    }
    let [before, after] = report.load_average;
    writeln!(
        out,
        "{} worker(s) on {} core(s); load and sink on another; load average {before} before, {after} after\n",
        report.workers, report.cores
    )?;
    let tables = [
        saturation(&report.saturation),
        delivery(&report.delivery),
        start(&report.start),
        profiling(&report.profiling),
    ];
    for (title, table) in tables.into_iter().flatten() {
        writeln!(out, "{title}\n{table}\n")?;
    }
    Ok(())
}

/// A table of these columns, and of a row for each of `rows`; `None` for no row.
fn table<T, const COLUMNS: usize>(
    title: &'static str,
    columns: [&str; COLUMNS],
    rows: &[T],
    cells: impl Fn(&T) -> [String; COLUMNS],
) -> Option<(&'static str, Table)> {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(columns).add_rows(rows.iter().map(cells));
    let numbers = table.column_iter_mut().skip(1);
    numbers.for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    (!rows.is_empty()).then_some((title, table))
}

fn saturation(rows: &[Saturation]) -> Option<(&'static str, Table)> {
    let columns = [
        "route",
        "variant",
        "Sentry ms",
        "req/s",
        "ratio",
        "cpu us",
        "server us",
        "p50 ms",
        "p99 ms",
        "MiB",
        "made",
        "traces",
        "discarded",
        "events",
        "discarded",
    ];
    let title = "At saturation, 64 connections. Traces and events: arrived, and reported as discarded.";
    table(title, columns, rows, |row| {
        [
            row.route.to_string(),
            row.variant.to_string(),
            row.sentry_delay_ms.to_string(),
            format!("{:.0}", row.requests_per_second),
            format!("{:.2}", row.ratio),
            format!("{:.1}", row.processor_us),
            format!("{:.1}", row.server_us),
            format!("{:.2}", row.p50_ms),
            format!("{:.2}", row.p99_ms),
            format!("{:.1}", row.rss_mib),
            row.made.to_string(),
            row.transactions.to_string(),
            row.discarded_transactions.to_string(),
            row.events.to_string(),
            row.discarded_events.to_string(),
        ]
    })
}

fn delivery(rows: &[Delivery]) -> Option<(&'static str, Table)> {
    let columns = [
        "what arrives",
        "variant",
        "Sentry ms",
        "made",
        "answered",
        "req/s",
        "p50 ms",
        "p99 ms",
        "events made",
        "arrived",
        "twice",
        "discarded",
        "traces",
        "discarded",
        "peak MiB",
        "after MiB",
    ];
    let title = "What arrives of all that is made. One transaction for each request; memory at its peak and afterwards.";
    table(title, columns, rows, |row| {
        [
            row.what.to_string(),
            row.variant.to_string(),
            row.sentry_delay_ms.to_string(),
            row.transactions_made.to_string(),
            row.answered.to_string(),
            format!("{:.0}", row.requests_per_second),
            format!("{:.2}", row.p50_ms),
            format!("{:.2}", row.p99_ms),
            row.events_made.to_string(),
            row.events.to_string(),
            row.events_twice.to_string(),
            row.discarded_events.to_string(),
            row.transactions.to_string(),
            row.discarded_transactions.to_string(),
            format!("{:.0}", row.peak_mib),
            format!("{:.0}", row.after_mib),
        ]
    })
}

fn start(rows: &[Start]) -> Option<(&'static str, Table)> {
    table("Start.", ["service", "idle MiB", "first answer ms"], rows, |row| {
        [row.service.to_string(), format!("{:.1}", row.idle_mib), format!("{:.1}", row.first_answer_ms)]
    })
}

fn profiling(rows: &[Profiling]) -> Option<(&'static str, Table)> {
    let title = "Profiling off and on: the same service, by turns.";
    table(title, ["what", "unit", "off", "on", "more", "%"], rows, |row| {
        let more = row.on - row.off;
        let percent = if row.off > 0.0 { format!("{:+.1}", more / row.off * 100.0) } else { String::new() };
        [
            row.what.to_string(),
            row.unit.to_string(),
            format!("{:.2}", row.off),
            format!("{:.2}", row.on),
            format!("{more:+.2}"),
            percent,
        ]
    })
}

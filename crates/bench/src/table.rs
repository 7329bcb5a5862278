//! The report for people, or as JSON.

use std::io::Write;

use crate::Error;
use crate::rows::{Delivery, Report, Saturation, Start};

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
    saturation(&mut out, &report.saturation)?;
    delivery(&mut out, &report.delivery)?;
    start(&mut out, &report.start)
}

fn saturation(out: &mut impl Write, rows: &[Saturation]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "At saturation, 64 connections. Arrived and lost: of the transactions / events made.")?;
    writeln!(
        out,
        "{:<10} {:<8} {:>7} {:>9} {:>6} {:>7} {:>7} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "route",
        "",
        "Sentry",
        "req/s",
        "ratio",
        "cpu us",
        "server",
        "p50 ms",
        "p99 ms",
        "MiB",
        "made",
        "traces",
        "lost",
        "events",
        "lost"
    )?;
    for row in rows {
        writeln!(
            out,
            "{:<10} {:<8} {:>4} ms {:>9.0} {:>6.2} {:>7.1} {:>7.1} {:>8.2} {:>8.2} {:>7.1} {:>8} {:>8} {:>8} {:>8} {:>8}",
            row.route,
            row.variant,
            row.sentry_delay_ms,
            row.requests_per_second,
            row.ratio,
            row.processor_us,
            row.server_us,
            row.p50_ms,
            row.p99_ms,
            row.rss_mib,
            row.made,
            row.transactions,
            row.discarded_transactions,
            row.events,
            row.discarded_events,
        )?;
    }
    Ok(writeln!(out)?)
}

fn delivery(out: &mut impl Write, rows: &[Delivery]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "What arrives. Requests: made / answered. Events and traces: made / arrived / reported as lost. Memory: peak, after."
    )?;
    for row in rows {
        writeln!(
            out,
            "{:<52} {:<5} {:>4} ms | {} / {} at {:.0}/s p50 {:.2} p99 {:.2} ms | events {} / {} / {}{} | traces {} / {} / {} | {:.0} {:.0} MiB",
            row.what,
            row.variant,
            row.sentry_delay_ms,
            row.transactions_made,
            row.answered,
            row.requests_per_second,
            row.p50_ms,
            row.p99_ms,
            row.events_made,
            row.events,
            row.discarded_events,
            if row.events_twice > 0 { format!(" ({} twice)", row.events_twice) } else { String::new() },
            row.transactions_made,
            row.transactions,
            row.discarded_transactions,
            row.peak_mib,
            row.after_mib,
        )?;
    }
    Ok(writeln!(out)?)
}

fn start(out: &mut impl Write, rows: &[Start]) -> Result<(), Error> {
    for row in rows {
        writeln!(
            out,
            "{:<12} idle {:>5.1} MiB, first answer after {:>5.1} ms",
            row.service, row.idle_mib, row.first_answer_ms
        )?;
    }
    Ok(())
}

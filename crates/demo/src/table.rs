//! The table of scenarios: each scenario, and what its event shows. Read from the declarations that the routes, the
//! check and the catalogue are read from.

use std::path::Path;

use scenario::{Catalogue, Event, Expect, Job, Scenario};

use crate::generated::{File, FileError};
use crate::services::SERVICES;

/// Where the table stands.
pub const DOCUMENT: &str = "docs/scenarios.md";

/// The table stands between these two lines.
pub const MARKERS: [&str; 2] = ["<!-- scenarios -->", "<!-- /scenarios -->"];

const HEAD: &str = "| call | what happens | answer | the event | grouped by | in Sentry, look for |\n|---|---|---|---|---|---|\n";

/// The document with the table, as the repository at this root has it and as it should be.
pub fn files(root: &Path) -> Result<Vec<File>, FileError> {
    let text = format!("\n{}", render());
    Ok(vec![File::with_part(root, DOCUMENT, MARKERS, &text)?])
}

/// A Markdown table for each service.
pub fn render() -> String {
    let tables =
        SERVICES.iter().map(|service| format!("## {}\n\n{HEAD}{}", service.name, rows(service.catalogue)));
    tables.collect::<Vec<_>>().join("\n")
}

fn rows(catalogue: &Catalogue) -> String {
    catalogue.scenarios.iter().map(|scenario| row(scenario)).collect()
}

fn row(scenario: &Scenario) -> String {
    let Expect { status, event, also, hot_function, job, spans, .. } = scenario.expect;
    let events: Vec<Event> = event.into_iter().chain(also.iter().copied()).collect();
    let reported = |report: fn(&Event) -> String| {
        let reported: Vec<_> = events.iter().map(report).collect();
        if reported.is_empty() { "none".to_owned() } else { reported.join("<br>") }
    };
    let job = job.as_ref().map(checked_in).unwrap_or_default();
    let profile = hot_function.map(|hot| format!("; in the profile, `{hot}`")).unwrap_or_default();
    let bare = if spans == 0 { "; it ends before the first step, and has no spans" } else { "" };
    format!(
        "| `{} {}` | {} | {status} | {}{job} | {} | {}{profile}{bare} |\n",
        scenario.method.http(),
        path(scenario),
        scenario.title,
        reported(shown),
        reported(grouped),
        scenario.look_for,
    )
}

/// The path with the words that distinguish this scenario from those that share it.
pub fn path(scenario: &Scenario) -> String {
    let words =
        scenario.parameters.iter().filter_map(|parameter| Some((parameter.name, parameter.path_word()?)));
    let path =
        words.fold(scenario.path.to_owned(), |path, (name, word)| path.replace(&format!("{{{name}}}"), word));
    let choice = scenario.parameters.iter().find_map(|it| Some(format!("?{}={}", it.name, it.query_word()?)));
    path + &choice.unwrap_or_default()
}

fn shown(event: &Event) -> String {
    let what = event.ty.or(event.message).unwrap_or_default();
    let handled = if event.handled == Some(false) { ", unhandled" } else { "" };
    let contexts: Vec<_> = event.contexts.iter().map(|context| format!("`{context}`")).collect();
    let contexts =
        if contexts.is_empty() { String::new() } else { format!("; context {}", contexts.join(", ")) };
    format!("**{}** `{what}`{handled}; breadcrumbs {}{contexts}", event.level, event.breadcrumbs.join(" → "))
}

fn checked_in(job: &Job) -> String {
    let Job { monitor, state, after_minutes, .. } = job;
    let when = match after_minutes {
        0 => String::new(),
        minutes => format!(" within {minutes} min"),
    };
    format!("<br>monitor `{monitor}`: **{state}**{when}")
}

fn grouped(event: &Event) -> String {
    let parts: Vec<_> = event.fingerprint.iter().map(|part| format!("`{part}`")).collect();
    parts.join(" ")
}

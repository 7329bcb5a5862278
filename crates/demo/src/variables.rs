//! `.env.example` and the READMEs' tables of environment variables, made from the declarations that the programs read.

mod compose;
mod files;

use std::fmt::Write;

use sentry_context::client;
use variable::{Shown, Variable};

use crate::services::SERVICES;

pub use compose::COMPOSE;
pub use files::files;

/// A table between these two lines of a README is made here.
pub const MARKERS: [&str; 2] = ["<!-- variables -->", "<!-- /variables -->"];

const HEAD: &str = "| variable | what it is | default | allowed |\n|---|---|---|---|\n";

const INTRODUCTION: &str = "\
# Every variable, with its default; all are optional. Copy this file to .env and remove the # of what you change.
# docker-compose reads .env; `cargo run` and a service alone read their environment. A bad value stops the start with one
# line that names the variable, the value (never a secret) and what is allowed.
# `cargo run -- variables` writes this file from the declarations in the code.
";

/// Longest line of a comment.
const WIDTH: usize = 118;

/// The Markdown table of these variables.
pub fn table(variables: &[&Variable]) -> String {
    let rows = variables.iter().map(|variable| {
        let default = variable.default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
        let about = cell(variable.about);
        format!("| `{}` | {about} | {default} | {} |\n", variable.name, cell(&variable.allowed.to_string()))
    });
    HEAD.to_owned() + &rows.collect::<String>()
}

/// What the environment or else its declaration says of a variable of the services' clients.
pub fn of_clients(name: &str) -> Option<String> {
    let variable = client::VARIABLES.iter().find(|variable| variable.name == name)?;
    let set = std::env::var(variable.name).ok().filter(|value| !value.is_empty());
    set.or_else(|| variable.default.map(str::to_owned))
}

/// A text within a table: a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The text of `.env.example`; what docker-compose.yml sets differently is read from it.
pub fn example(docker_compose: &str) -> String {
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, "The services", &of_services(), docker_compose);
    section(&mut text, "The inbox", &inbox::variables::ALL.map(only_reader), docker_compose);
    section(&mut text, "docker-compose", &COMPOSE.map(only_reader), docker_compose);
    text
}

/// A variable, and what is to be said of its readers.
struct Entry {
    variable: &'static Variable,
    readers: Option<String>,
}

fn only_reader(variable: &'static Variable) -> Entry {
    Entry { variable, readers: None }
}

/// Each variable of a service once, with the names of the services where not all read it, or not with one default.
fn of_services() -> Vec<Entry> {
    let all: Vec<_> = SERVICES
        .iter()
        .flat_map(|service| (service.variables)().into_iter().map(|it| (service.name, it)))
        .collect();
    let mut entries: Vec<Entry> = Vec::new();
    for (_, variable) in &all {
        if entries.iter().any(|entry| entry.variable.name == variable.name) {
            continue;
        }
        let readers: Vec<_> = all.iter().filter(|(_, other)| other.name == variable.name).collect();
        entries.push(Entry { variable, readers: readers_of(variable, &readers) });
    }
    entries
}

fn readers_of(variable: &Variable, readers: &[&(&str, &'static Variable)]) -> Option<String> {
    if readers.iter().any(|(_, other)| other.default != variable.default) {
        let defaults = readers.iter().map(|(name, it)| format!("{name} {}", it.default.unwrap_or("none")));
        return Some(format!("Defaults: {}.", defaults.collect::<Vec<_>>().join(", ")));
    }
    let names: Vec<_> = readers.iter().map(|(name, _)| *name).collect();
    (names.len() < SERVICES.len()).then(|| format!("Read by {}.", names.join(" and ")))
}

fn section(text: &mut String, title: &str, entries: &[Entry], docker_compose: &str) {
    let _ = write!(text, "\n# --- {title}\n");
    for Entry { variable, readers } in entries {
        let composed = compose::default(docker_compose, variable.name);
        let is_read_by_compose_alone = COMPOSE.iter().any(|it| it.name == variable.name);
        let value = if is_read_by_compose_alone { composed } else { variable.default }.unwrap_or_default();
        let composed = composed.filter(|composed| *composed != value);
        let composed = composed.map(|composed| format!("In docker-compose: {composed}"));
        text.push('\n');
        for sentence in [Some(about(variable)), readers.clone(), composed].into_iter().flatten() {
            comment(text, &sentence);
        }
        let _ = writeln!(text, "#{}={value}", variable.name);
    }
}

fn about(variable: &Variable) -> String {
    let mut first = variable.about.chars();
    let start: String = first.next().into_iter().flat_map(char::to_uppercase).collect();
    let secret = if variable.shown == Shown::Nothing { " This is a secret." } else { "" };
    format!("{start}{}. Allowed: {}.{secret}", first.as_str(), variable.allowed)
}

fn comment(text: &mut String, sentence: &str) {
    let mut width = 0;
    for word in sentence.split(' ') {
        let length = word.chars().count() + 1;
        if width == 0 || width + length > WIDTH {
            text.push_str(if width == 0 { "#" } else { "\n#" });
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

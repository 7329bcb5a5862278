//! Environment variables: whatever the code or docker-compose.yml reads is documented.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use demo::services::{SERVICES, named};
use regex::Regex;
use variable::Variable;

/// Settings of one process or one machine; a composition has no use for them, or a DSN for each service.
const NOT_COMPOSED: [&str; 4] = ["HOST", "PORT", "FINGERPRINT_RULES", "SENTRY_DSN"];

type Names = BTreeSet<String>;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names(pattern: &str, text: &str) -> Names {
    Regex::new(pattern).expect("a pattern").captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn declared(variables: &[&Variable]) -> Names {
    variables.iter().map(|variable| variable.name.to_owned()).collect()
}

fn of_service(service: &str) -> Names {
    declared(&(named(service).expect("a service").variables)())
}

fn of_services() -> Names {
    SERVICES.iter().flat_map(|service| of_service(service.name)).collect()
}

fn composed() -> Names {
    let text = read("docker-compose.yml") + &read("deploy/drop-in.yml");
    let mut found = names(r"\$\{([A-Z_]+)", &text);
    // Without a value: whatever the one who starts it has.
    found.extend(names(r"(?m)^ +([A-Z_]+):$", &text));
    found
}

fn example() -> Names {
    names(r"(?m)^#([A-Z_]+)=", &read(".env.example"))
}

fn missing(wanted: &Names, there: &Names) -> Vec<String> {
    wanted.difference(there).cloned().collect()
}

#[test]
fn the_example_has_every_variable_and_no_other() {
    let read: Names =
        of_services().into_iter().chain(declared(&inbox::variables::ALL)).chain(composed()).collect();
    assert_eq!(missing(&read, &example()), Vec::<String>::new(), "are not in .env.example");
    assert_eq!(missing(&example(), &read), Vec::<String>::new(), "of .env.example are read by nobody");
}

#[test]
fn docker_compose_passes_on_what_the_services_read() {
    let text = read("docker-compose.yml");
    let mut passed = names(r"(?m)^ +([A-Z_]+):", &text);
    passed.extend(NOT_COMPOSED.map(str::to_owned));
    assert_eq!(missing(&of_services(), &passed), Vec::<String>::new());
}

#[test]
fn each_service_has_its_variables_in_its_readme() {
    for service in SERVICES.iter().map(|service| service.name) {
        let reported = names(r"(?m)^\| `([A-Z_]+)` \|", &read(&format!("{service}/README.md")));
        assert_eq!(missing(&of_service(service), &reported), Vec::<String>::new(), "{service}/README.md");
        assert_eq!(missing(&reported, &example()), Vec::<String>::new(), "{service}/README.md");
    }
}

//! Environment variables: whatever the code or docker-compose.yml reads is documented.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

const SERVICES: [&str; 3] = ["game-engine", "analytics", "payment"];

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

/// What the code below a folder reads, by the functions that read it or a constant that names it.
fn read_by(folder: &str) -> Names {
    let mut found = Names::new();
    for source in sources(&root().join(folder)) {
        let text = fs::read_to_string(source).expect("a source");
        found.extend(names(r#"(?:env::(?:text|parsed|var|var_os)|\bsetting)\(\s*"([A-Z_]+)""#, &text));
        found.extend(names(r#"const NAME: &str = "([A-Z_]+)""#, &text));
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    // What unit tests read is no matter of whoever configures a service.
    let is_source = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "rs") && path.file_name().is_some_and(|it| it != "tests.rs")
    };
    let files = files.into_iter().filter(is_source);
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// What the service reads, itself and by the libraries that all of them use.
fn of_service(service: &str) -> Names {
    let folders =
        [&format!("{service}/src"), "crates/sentry-context/src", "crates/scenario/src", "crates/service/src"];
    let mut found: Names = folders.into_iter().flat_map(read_by).collect();
    found.remove("NO_COLOR");
    assert!(found.contains("HOST") && found.contains("SENTRY_DSN"), "{service} reads {found:?}");
    found
}

fn of_services() -> Names {
    SERVICES.into_iter().flat_map(of_service).collect()
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
        of_services().into_iter().chain(read_by("crates/inbox/src")).chain(composed()).collect();
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
    for service in SERVICES {
        let reported = names(r"(?m)^\| `([A-Z_]+)` \|", &read(&format!("{service}/README.md")));
        assert_eq!(missing(&of_service(service), &reported), Vec::<String>::new(), "{service}/README.md");
        assert_eq!(missing(&reported, &example()), Vec::<String>::new(), "{service}/README.md");
    }
}

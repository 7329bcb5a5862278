//! Environment variables: files that are made from the declarations are current, and files that cannot be made from them
//! agree with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use demo::generated::{self, FileError, root};
use demo::services::SERVICES;
use demo::variables::{COMPOSE, files};
use regex::Regex;
use variable::{Shown, Variable};

use crate::helpers::run;

/// Settings of one process or one machine; a composition has no use for them, or a DSN for each service.
const NOT_COMPOSED: [&str; 4] = ["HOST", "PORT", "FINGERPRINT_RULES", "SENTRY_DSN"];

/// What the sources read that configures no program of this repository: conventions of terminals and proxies.
const CONVENTIONS: [&str; 3] = ["NO_COLOR", "NO_PROXY", "no_proxy"];

/// A service: its package, its name in compositions and clusters, and its port variable in docker-compose.yml.
const DEPLOYED: [(&str, &str, &str); 3] = [
    ("game-engine", "game-engine", "GAME_ENGINE_PORT"),
    ("analytics", "analytics-service", "ANALYTICS_PORT"),
    ("payment", "payment-service", "PAYMENT_PORT"),
];

type Names = BTreeSet<String>;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names(pattern: &str, text: &str) -> Names {
    Regex::new(pattern).expect("a pattern").captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn declared(variables: &[&Variable]) -> Names {
    variables.iter().map(|variable| variable.name.to_owned()).collect()
}

fn of_services() -> Names {
    SERVICES.iter().flat_map(|service| declared(&(service.variables)())).collect()
}

fn all() -> Names {
    [of_services(), declared(&inbox::variables::ALL), declared(&COMPOSE)].into_iter().flatten().collect()
}

fn missing(wanted: &Names, there: &Names) -> Vec<String> {
    wanted.difference(there).cloned().collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn the_example_and_the_readmes_are_as_the_declarations_make_them() {
    for file in files(&root()).expect("the files of the repository") {
        assert_eq!(file.before, file.after, "{} is stale: `cargo run -- variables` writes it", file.path);
    }
}

fn written(root: &Path) -> Result<Vec<String>, FileError> {
    generated::write(root, files(root)?)
}

#[test]
fn the_command_writes_what_is_stale_and_nothing_else() {
    let copy = std::env::temp_dir().join(format!("demo-variables-{}", std::process::id()));
    let paths: Vec<_> = files(&root()).expect("the files").into_iter().map(|file| file.path).collect();
    for path in paths.iter().map(String::as_str).chain(["docker-compose.yml"]) {
        let to = copy.join(path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(root().join(path), to).expect("a copy");
    }
    assert_eq!(written(&copy).expect("nothing to write"), Vec::<String>::new());
    let stale = copy.join("payment/README.md");
    let current = fs::read_to_string(&stale).expect("a README");
    fs::write(&stale, current.replace("| `ERROR_RATE` |", "| `OLD_RATE` |")).expect("a stale README");
    assert_eq!(written(&copy).expect("one to write"), ["payment/README.md"]);
    assert_eq!(fs::read_to_string(&stale).expect("a README"), current);
    fs::write(&stale, "# No table").expect("a README");
    let refused = written(&copy).expect_err("a README without markers").to_string();
    assert!(refused.starts_with("payment/README.md has no lines"), "{refused}");
    fs::remove_dir_all(copy).expect("the copy goes");
}

#[actix_web::test]
async fn the_command_is_quiet_where_nothing_is_stale() {
    let ended = run(&["variables"]).await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), ""));
}

#[test]
fn no_program_declares_a_name_twice() {
    for service in &SERVICES {
        let variables = (service.variables)();
        assert_eq!(declared(&variables).len(), variables.len(), "{}", service.name);
    }
}

#[test]
fn every_default_is_allowed() {
    let of_services = SERVICES.iter().flat_map(|service| (service.variables)());
    for variable in of_services.chain(inbox::variables::ALL) {
        let default = variable.default.unwrap_or_default();
        assert!(variable.default.is_none() || variable.allowed.accepts(default), "{}", variable.name);
    }
}

#[test]
fn what_is_named_like_a_secret_is_declared_as_one() {
    for variable in SERVICES.iter().flat_map(|service| (service.variables)()).chain(COMPOSE) {
        let is_secret = ["TOKEN", "PASSWORD", "KEY"].iter().any(|it| variable.name.contains(it));
        let is_address = ["URL", "DSN"].iter().any(|it| variable.name.ends_with(it));
        assert!(!is_secret || variable.shown == Shown::Nothing, "{}", variable.name);
        assert!(!is_address || variable.shown == Shown::Address, "{}", variable.name);
    }
}

#[test]
fn no_source_reads_a_variable_by_its_name() {
    let crates =
        fs::read_dir(root().join("crates")).expect("the crates").map(|it| it.expect("a crate").path());
    // Those two are for tests and measurements, and have variables of their own.
    let of_programs = crates.filter(|path| !path.ends_with("fixtures") && !path.ends_with("bench"));
    let services = SERVICES.iter().map(|service| root().join(service.name));
    for source in of_programs.chain(services).flat_map(|folder| sources(&folder.join("src"))) {
        let text = fs::read_to_string(&source).expect("a source");
        let mut found = names(r#"\b(?:env::var|env::var_os|option_env!)\(\s*"(\w+)""#, &text);
        found.retain(|name| !CONVENTIONS.contains(&name.as_str()) && name != "PROPTEST_CASES");
        assert_eq!(found, Names::new(), "{}: read it by its declaration", source.display());
    }
}

#[test]
fn docker_compose_passes_on_what_the_services_read() {
    let text = read("docker-compose.yml");
    let mut passed = names(r"(?m)^ +([A-Z_]+):", &text);
    passed.extend(NOT_COMPOSED.map(str::to_owned));
    assert_eq!(missing(&of_services(), &passed), Vec::<String>::new());
}

#[test]
fn docker_compose_asks_for_declared_variables_and_for_each_of_its_own() {
    let text = read("docker-compose.yml") + &read("deploy/drop-in.yml");
    let mut asked = names(r"\$\{([A-Z_]+)", &text);
    // Without a value: whatever the one who starts it has.
    asked.extend(names(r"(?m)^ +([A-Z_]+):$", &text));
    assert_eq!(missing(&asked, &all()), Vec::<String>::new(), "are not declared");
    assert_eq!(missing(&declared(&COMPOSE), &asked), Vec::<String>::new(), "are asked for by nobody");
}

#[test]
fn manifests_set_declared_variables_only() {
    let folder = root().join("deploy/kubernetes");
    for service in ["base", "game-engine", "analytics-service", "payment-service"] {
        for file in fs::read_dir(folder.join(service)).expect("a folder") {
            let path = file.expect("a file").path();
            let set = names(r"name: ([A-Z][A-Z_]+)\b", &fs::read_to_string(&path).expect("a manifest"));
            assert_eq!(missing(&set, &of_services()), Vec::<String>::new(), "{}", path.display());
        }
    }
    let set = names(r"name: ([A-Z][A-Z_]+)\b", &read("deploy/kubernetes/backing/inbox.yaml"));
    assert!(!set.is_empty());
    assert_eq!(missing(&set, &declared(&inbox::variables::ALL)), Vec::<String>::new());
}

#[test]
fn documents_name_declared_variables_only() {
    let prefixes =
        r"`((?:SENTRY|INBOX|MONGODB|RABBITMQ|DEBUG|STALL|MEMORY_LEAK|FINGERPRINT_RULES|LOG)(?:_[A-Z]+)*)[`=]";
    let documents = ["README.md", "docs/contract.md", "docs/events.md", "docs/limits.md", "ARCHITECTURE.md"];
    let found: Names = documents.iter().flat_map(|path| names(prefixes, &read(path))).collect();
    assert!(found.contains("SENTRY_DSN") && found.contains("MONGODB_URL"), "{found:?}");
    assert_eq!(missing(&found, &all()), Vec::<String>::new());
}

/// What of the text follows the first mark, up to the second.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let found = text.split_once(from).and_then(|(_, after)| after.split_once(to));
    found.unwrap_or_else(|| panic!("nothing between `{from}` and `{to}`")).0
}

#[test]
fn the_images_have_the_stages_that_compile_in_common() {
    let dockerfile = read("deploy/Dockerfile");
    let stages = between(&dockerfile, "\nFROM ${RUST_IMAGE} ", "\nFROM build AS files\n");
    assert!(!stages.contains("SERVICE"), "another image would compile everything once more");
    for path in ["docker-compose.yml", "deploy/drop-in.yml"] {
        let composed = read(path);
        let builds = names(r"args: \{ SERVICE: ([a-z-]+) \}", &composed);
        assert_eq!(
            names(r"dockerfile: (\S*[^\s,])", &composed),
            Names::from(["deploy/Dockerfile".to_owned()]),
            "{path}"
        );
        assert!(builds.len() >= DEPLOYED.len(), "{path}: {builds:?}");
        for image in builds {
            assert!(dockerfile.contains(&format!(" AS image-of-{image}\n")), "{path}: {image}");
        }
    }
}

#[test]
fn images_compositions_and_manifests_have_the_declared_ports() {
    let compose = read("docker-compose.yml");
    for (package, deployed, variable) in DEPLOYED {
        let service = demo::services::named(package).expect("a service");
        let port = service.usual_port;
        let has = |path: &str, text: &str, part: String| assert!(text.contains(&part), "{path}: no `{part}`");
        has("docker-compose.yml", &compose, format!("${{{variable}:-{port}}}:{port}\""));
        let (dockerfile, stage) = ("deploy/Dockerfile", format!("FROM service AS image-of-{package}\n"));
        has(dockerfile, between(&read(dockerfile), &stage, "\nFROM "), format!("EXPOSE {port}\n"));
        let path = format!("deploy/kubernetes/{deployed}/service.yaml");
        has(&path, &read(&path), format!("containerPort: {port} "));
        has(&path, &read(&path), format!("name: PORT, value: \"{port}\""));
        has("README.md", &read("README.md"), format!("{port} ({package})"));
    }
    let inbox = inbox::variables::PORT.default_port();
    assert!(compose.contains(&format!("${{INBOX_PORT:-{inbox}}}:{inbox}\"")));
    let image = read("deploy/Dockerfile");
    let image = between(&image, "FROM image AS image-of-inbox\n", "\nFROM ");
    assert!(image.contains(&format!("EXPOSE {inbox}\n")));
    assert!(read("deploy/kubernetes/backing/inbox.yaml").contains(&format!("containerPort: {inbox} ")));
}

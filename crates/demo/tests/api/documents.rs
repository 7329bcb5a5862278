//! The documents: as short as they should be, without dead links, and true if a machine can tell.

mod links;

use std::fs;
use std::path::{Path, PathBuf};

use demo::generated::root;
use regex::Regex;

use links::{dead_links, prose};

/// Longest README, in lines.
const MAX_README: usize = 150;

/// Folders that have no documents and no sources of ours.
const FOREIGN: [&str; 3] = ["target", "node_modules", ".git"];

/// Libraries that know no service. The other crates are parts of this demo.
const LIBRARIES: [&str; 10] = [
    "broker",
    "database",
    "healthcheck",
    "http-limits",
    "inbox",
    "scenario",
    "sentry-context",
    "sentry-delivery",
    "sentry-native",
    "variable",
];

/// All files below a folder that have one of these extensions.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_symlink() || FOREIGN.contains(&name) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|it| extensions.iter().any(|extension| it == *extension)) {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts between backquotes, but for blocks of code.
fn code_of(document: &str) -> Vec<String> {
    let code = Regex::new("`([^`\n]+)`").expect("a pattern");
    let document = links::without_blocks(document);
    code.captures_iter(&document).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_readme_is_short() {
    let lines = read(&root().join("README.md")).lines().count();
    assert!(lines < MAX_README, "README.md has {lines} lines; put the rest into docs/");
}

#[test]
fn no_link_of_any_document_is_dead() {
    let root = root().canonicalize().expect("the repository");
    let documents = files(&root, &["md"]);
    assert!(documents.len() > 15, "{documents:?}");
    let dead: Vec<_> = documents.iter().flat_map(|document| dead_links(&root, document)).collect();
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let root = root();
    let is_path = Regex::new(r"^([\w.-]+)(/[\w.-]+)+/?$").expect("a pattern");
    let mut named = 0;
    for document in files(&root, &["md"]) {
        for code in code_of(&read(&document)) {
            let top = code.split('/').next().unwrap_or_default();
            if is_path.is_match(&code) && !FOREIGN.contains(&top) && root.join(top).is_dir() {
                assert!(root.join(&code).exists(), "{}: there is no {code}", document.display());
                named += 1;
            }
        }
    }
    assert!(named > 30, "{named} paths");
}

#[test]
fn every_name_in_the_architecture_is_one_of_the_code() {
    let root = root();
    let sources = ["crates", "game-engine", "analytics", "payment"].map(|folder| root.join(folder));
    let sources: Vec<_> = sources.iter().flat_map(|folder| files(folder, &["rs", "toml"])).collect();
    let text: String = sources.iter().map(|path| read(path)).collect();
    let is_name = Regex::new(r"^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z0-9_]+)*$").expect("a pattern");
    let names: Vec<_> =
        code_of(&read(&root.join("ARCHITECTURE.md"))).into_iter().filter(|it| is_name.is_match(it)).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        for part in name.split("::") {
            let is_module = sources.iter().any(|path| path.file_stem().is_some_and(|stem| stem == part));
            let word = Regex::new(&format!(r"\b{part}\b")).expect("a pattern");
            assert!(
                is_module || word.is_match(&text),
                "ARCHITECTURE.md names {name}, which the code does not"
            );
        }
    }
}

#[test]
fn ci_calls_the_test_command_of_the_readme() {
    let (readme, ci) = (read(&root().join("README.md")), read(&root().join(".ci/run")));
    let command = "cargo test --workspace";
    assert!(readme.contains(&format!("```sh\n{command}\n```")), "the README has no block with {command}");
    assert!(ci.contains(&format!("step {command} ")), ".ci/run has no {command}");
}

#[test]
fn the_service_of_the_readme_is_the_one_outside_of_the_workspace() {
    let readme = read(&root().join("crates/sentry-context/README.md"));
    let block = readme.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(block, Some(read(&root().join("examples/outside/src/main.rs")).as_str()));
    let block = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let manifest = read(&root().join("examples/outside/Cargo.toml"));
    assert!(block.is_some_and(|block| manifest.contains(&format!("\n{block}\n"))), "{block:?}");
}

/// A service is named where its name is a whole text or the start of one (`"payment"`, `payment@1.0.0`, `payment-service`),
/// or a package (`game_engine::`). Payments as such are not a service.
#[test]
fn no_library_names_a_service() {
    let service = r"(game[-_]engine|analytics|payment)";
    let pattern =
        format!(r#"{service}(::|@|-service)|["'`]{service}(["'`]|\.)|game[-_]engine|\banalytics\b"#);
    let named = Regex::new(&pattern).expect("a pattern");
    for library in LIBRARIES {
        let folder = root().join("crates").join(library);
        let sources = files(&folder, &["rs", "toml", "md", "js", "ts", "html"]);
        assert!(sources.len() >= 2, "{library}: {sources:?}");
        for source in sources {
            for (index, line) in read(&source).lines().enumerate() {
                assert!(!named.is_match(line), "{}:{}: {line}", source.display(), index + 1);
            }
        }
    }
    for text in ["\"payment\"", "payment@1", "game_engine::serve", "`analytics`", "\"payment.credit\""] {
        assert!(named.is_match(text), "{text}");
    }
    for text in ["payment cards", "a payment", "payments::book"] {
        assert!(!named.is_match(text), "{text}");
    }
}

#[test]
fn prose_has_the_words_of_the_field() {
    let words = r"(?i)\b(letters?|parcels?|told|perish(es|ed)?|guns?|wares|mends|doubts)\b";
    let old = Regex::new(words).expect("a pattern");
    for document in files(&root(), &["md"]) {
        let text = prose(&read(&document)).replace("dead letter", "").replace("dead-letter", "");
        let found = old.find(&text).map(|found| found.as_str().to_owned());
        assert_eq!(found, None, "{}", document.display());
    }
}

//! The style sheet of the tab Scenarios stays apart from the page's own: it is loaded on every tab.

use std::collections::BTreeSet;
use std::fs;

use demo::generated::root;
use regex::Regex;

/// Classes that have one meaning on the whole page.
const LEVELS: [&str; 4] = ["fatal", "error", "warning", "info"];

/// The classes that a style sheet knows.
fn classes(path: &str) -> BTreeSet<String> {
    let path = root().join(path);
    let sheet = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (rules, class) =
        (Regex::new(r"\{[^{}]*\}").expect("a pattern"), Regex::new(r"\.([a-z][\w-]*)").expect("a pattern"));
    let selectors = rules.replace_all(&sheet, "{}");
    class.captures_iter(&selectors).map(|found| found[1].to_owned()).collect()
}

#[test]
fn no_class_of_the_tab_is_one_of_the_pages_own() {
    let (own, page) = (classes("crates/demo/page/scenarios.css"), classes("crates/inbox/page/style.css"));
    assert!(own.len() > 20 && page.len() > 20, "{own:?} {page:?}");
    let shared: Vec<_> = own.intersection(&page).filter(|it| !LEVELS.contains(&it.as_str())).collect();
    assert_eq!(shared, Vec::<&String>::new());
}

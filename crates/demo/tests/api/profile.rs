//! The release profile: lines of the services' code, and of nothing else.

use demo::services::SERVICES;
use regex::Regex;

#[test]
fn a_release_has_the_lines_of_each_service_and_of_nothing_else() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("the workspace's manifest");
    let section =
        Regex::new(r#"(?m)^\[profile\.release(?:\.package\.(.+))?\]\n([^\[]*)"#).expect("a pattern");
    let (mut with_lines, mut without) = (Vec::new(), Vec::new());
    for found in section.captures_iter(&manifest) {
        let package = found.get(1).map_or("everything else", |name| name.as_str());
        let has_lines = found[2].contains("debug = \"limited\"");
        assert!(has_lines || found[2].contains("debug = \"none\""), "{package}");
        if has_lines { &mut with_lines } else { &mut without }.push(package);
    }
    let services: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
    assert_eq!((with_lines, without), (services, vec!["everything else"]));
}

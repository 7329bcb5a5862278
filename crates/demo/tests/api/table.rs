//! The table of scenarios in the README.

use demo::table::{MARKERS, render};

use crate::helpers::run;

#[test]
fn the_readme_has_the_table_that_the_declarations_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(path).expect("the README");
    let [start, end] = MARKERS;
    let section =
        readme.split_once(start).and_then(|(_, rest)| rest.split_once(end)).expect("both markers").0;
    assert_eq!(
        section.trim(),
        render().trim(),
        "`cargo run -- table` prints what belongs between the markers"
    );
}

#[actix_web::test]
async fn the_command_prints_the_table() {
    let ended = run(&["table"]).await;
    assert_eq!((ended.status, ended.stdout.trim()), (Some(0), render().trim()));
}

//! The table of scenarios in the documents.

use demo::generated::root;
use demo::table::files;

use crate::helpers::run;

#[test]
fn the_document_has_the_table_that_the_declarations_make() {
    for file in files(&root()).expect("the document") {
        assert_eq!(file.before, file.after, "{} is stale: `cargo run -- table` writes it", file.path);
        assert!(file.after.contains("| `GET /debug/crash` | A panic in the paytable |"), "{}", file.after);
    }
}

#[actix_web::test]
async fn the_command_is_quiet_where_the_table_is_current() {
    let ended = run(&["table"]).await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), ""));
}

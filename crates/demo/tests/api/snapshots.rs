//! Every event of every scenario, whole: a change of one shows in the diff of its snapshot.
//!
//! `INSTA_UPDATE=always cargo test -p demo --test api snapshots` accepts all changes.

use std::collections::BTreeSet;
use std::path::Path;

use demo::services::SERVICES;
use fixtures::snapshot::masked;
use serde_json::Value;

use crate::full_run::full_run;

/// The ids of the scenarios that promise events; without a database, of those for which it makes no difference.
fn with_events(database: bool) -> BTreeSet<String> {
    let scenarios = SERVICES.iter().flat_map(|service| {
        service.catalogue.scenarios.iter().map(move |scenario| (service.name, *scenario))
    });
    let promised =
        scenarios.filter(|(_, it)| it.expect.events > 0 && (database || it.without_database.is_none()));
    promised.map(|(service, it)| format!("{service}.{}", it.name)).collect()
}

#[actix_web::test]
async fn every_event_is_as_in_its_snapshot() {
    let run = full_run().await;
    // The shared run takes a database where there is one.
    let wanted = with_events(fixtures::mongo::url().is_some());
    for call in run.calls.iter().filter(|call| wanted.contains(&call.scenario.id)) {
        let mut events: Vec<Value> = run.events_of(call).into_iter().map(masked).collect();
        // Those of one call may arrive in any order.
        events.sort_by_cached_key(ToString::to_string);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(call.scenario.id.as_str(), events);
        });
    }
}

#[test]
fn every_snapshot_is_of_a_scenario_and_every_scenario_with_events_has_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/snapshots");
    let files = folder.read_dir().expect("the snapshots").map(|file| file.expect("a file").file_name());
    let names = files.filter_map(|name| Some(name.to_str()?.strip_suffix(".snap")?.to_owned()));
    assert_eq!(names.collect::<BTreeSet<_>>(), with_events(true));
}

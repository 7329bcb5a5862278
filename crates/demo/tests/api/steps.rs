//! The transaction of each scenario tells its story: its steps are spans.

use crate::full_run::full_run;

/// How many steps a story has at least.
const STEPS: usize = 2;

#[actix_web::test]
async fn no_transaction_of_a_scenario_is_a_bare_bar_but_those_that_are_declared_to_have_no_steps() {
    let run = full_run().await;
    let spans = |call| run.transaction_of(call)["spans"].as_array().map_or(0, Vec::len);
    let found: Vec<_> = run.calls.iter().map(|call| (call.scenario.id.as_str(), spans(call))).collect();
    let few: Vec<_> = found.iter().filter(|(_, spans)| *spans < STEPS).collect();
    let bare = run.calls.iter().filter(|call| call.scenario.expect.spans < STEPS);
    let declared: Vec<_> = bare.map(|call| (call.scenario.id.as_str(), call.scenario.expect.spans)).collect();
    assert_eq!(few, declared.iter().collect::<Vec<_>>(), "{found:?}");
    // A call whose body is refused: nothing has begun.
    assert_eq!(declared, [("analytics.validation", 0)]);
}

//! `docs/walkthrough.md`, followed exactly: every command is run against a standing demo, and everything that the
//! document says one sees is looked for.

mod document;
mod received;
mod stage;

use demo::generated::root;
use demo::services::SERVICES;
use demo::table;
use scenario::Scenario;

use document::{DOCUMENT, Quota, Step, steps, text};
use received::Inbox;
use stage::Stage;

use crate::helpers::turn;

#[test]
fn every_scenario_is_in_the_walkthrough() {
    let commands: String = steps(&text()).into_iter().map(|step| step.commands + "\n").collect();
    for service in &SERVICES {
        for scenario in service.catalogue.scenarios {
            let call = format!("localhost:{}{}", service.usual_port, table::path(scenario));
            let method = scenario.method.http().as_str().to_owned();
            let is_there = commands.lines().any(|line| is_call(line, &call, &method));
            assert!(is_there, "{DOCUMENT} has no command with {method} {call}");
        }
    }
}

/// Whether the command calls this and nothing that only begins so.
fn is_call(command: &str, call: &str, method: &str) -> bool {
    let asks = |method: &str| command.contains(&format!("-X {method} "));
    let is_asked =
        if method == "GET" { !command.contains("-X ") && !command.contains(" -d ") } else { asks(method) };
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\'', '"', '?', '&']);
    let plain = command.split_once(call).is_some_and(|(_, rest)| ends(rest));
    // A mode is another scenario than the path without one.
    is_asked && plain && (call.contains("mode=") || !command.contains("mode="))
}

#[test]
fn every_stop_says_what_one_sees_and_what_it_costs() {
    let steps = steps(&text());
    assert!(steps.len() >= 14, "{} blocks", steps.len());
    for step in &steps {
        let at = format!("{DOCUMENT}:{}", step.line);
        assert!(!step.commands.is_empty() && step.commands.lines().count() <= 20, "{at}: its commands");
        assert!(!step.promises.is_empty(), "{at}: nothing is promised");
        assert!(step.quota.is_some(), "{at}: no line about the quota");
    }
}

/// The row of a table of `docs/quota.md` that has this in its first cell: errors and transactions.
fn quota_of(row: &str) -> (u64, u64) {
    let page = std::fs::read_to_string(root().join("docs/quota.md")).expect("the page");
    let line = page.lines().find(|line| line.starts_with("| ") && line.contains(row));
    let cells: Vec<_> = line.unwrap_or_else(|| panic!("no row {row}")).split('|').map(str::trim).collect();
    let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("{row}: `{cell}` is no number"));
    (number(cells[2]), number(cells[3]))
}

#[test]
fn the_page_about_the_quota_has_the_sums_of_the_stops_and_of_the_scenarios() {
    let prices: Vec<_> = steps(&text()).into_iter().filter_map(|step| step.quota).collect();
    let sum = |of: fn(&Quota) -> u64| prices.iter().map(of).sum::<u64>();
    let stops = (sum(|it| it.errors), sum(|it| it.transactions));
    assert_eq!(quota_of("the whole [walkthrough](walkthrough.md)"), stops);

    let scenarios = || SERVICES.iter().flat_map(|service| service.catalogue.scenarios);
    let events = |it: &Scenario| it.without_database.unwrap_or(it.expect).events as u64;
    let all = (scenarios().map(|it| events(it)).sum::<u64>(), scenarios().count() as u64);
    assert_eq!(quota_of("every scenario once, without a database"), all);
}

#[actix_web::test]
async fn the_walkthrough_shows_what_it_says() {
    let _turn = turn().await;
    follow(Stage::bare().await, |step| !step.needs_database).await;
}

#[actix_web::test]
async fn the_walkthrough_shows_what_it_says_with_a_database_and_a_broker() {
    let _turn = turn().await;
    let Some(stage) = Stage::full().await else { return };
    follow(stage, |step| step.needs_database).await;
}

#[actix_web::test]
#[ignore = "needs a stack of containers: deploy/test/run runs it"]
async fn the_walkthrough_shows_what_it_says_in_the_composed_stack() {
    follow(Stage::composed(), |_| true).await;
}

async fn follow(stage: Stage, is_meant: impl Fn(&Step) -> bool) {
    let inbox = Inbox::new(stage.inbox());
    let steps: Vec<_> = steps(&text()).into_iter().filter(is_meant).collect();
    assert!(!steps.is_empty(), "no block of {DOCUMENT} is meant");
    for step in &steps {
        let before = inbox.state().await;
        let terminal = stage.run(step).await;
        if let Err(missing) = inbox.shows(step, &before, &terminal).await {
            panic!("{missing}");
        }
    }
}

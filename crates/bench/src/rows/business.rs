//! The routes that players call, on the real services, with their database and broker on.

use fixtures::rabbit::Broker;

use super::saturation::{median, saturate};
use super::setup::Setup;
use super::{Plan, Saturation, say};
use crate::Error;
use crate::child::Program;
use crate::load::Request;

/// The service, and what is posted to it.
const ROUTES: [(&str, Request); 2] = [
    ("game-engine", Request { path: "/calculate", body: Some(r#"{"userId":"USER","bet":10}"#) }),
    ("payment", Request { path: "/process", body: Some(r#"{"userId":"USER","bet":10,"payout":25}"#) }),
];

pub(super) async fn measure(plan: &Plan, setup: &Setup, rows: &mut Vec<Saturation>) -> Result<(), Error> {
    // Those that are named, or such as the tests start.
    let own = if std::env::var_os("RABBITMQ_URL").is_some() { None } else { Broker::start() };
    let broker = own.as_ref().map(Broker::url).or_else(|| std::env::var("RABBITMQ_URL").ok());
    let (Some(database), Some(broker)) = (fixtures::mongo::database("bench"), broker) else {
        say("no business routes without a database and a broker");
        return Ok(());
    };
    let environment = [
        ("MONGODB_URL", database.as_str()),
        ("RABBITMQ_URL", &broker),
        ("ERROR_RATE", "0"),
        ("PROVIDER_DELAY_MS", "0"),
    ];
    for (service, request) in ROUTES {
        let mut rounds = [Vec::new(), Vec::new()];
        for round in 1..=plan.rounds {
            say(&format!("{}, round {round} of {}", request.path, plan.rounds));
            // An empty DSN turns Sentry off.
            for (rounds, sentry) in rounds.iter_mut().zip([&[("SENTRY_DSN", "")][..], &[]]) {
                let pair =
                    setup.pair_of(Program::Service(service), 0, &[&environment, sentry].concat()).await?;
                let variant = if sentry.is_empty() { "ours" } else { "off" }.to_owned();
                let row = saturate(plan.time, pair, request).await?;
                rounds.push(Saturation { route: request.path, variant, ..row });
            }
        }
        let [off, ours] = rounds.map(median);
        let without = off.as_ref().map_or(0.0, |row| row.requests_per_second);
        let ratio = |row: Saturation| Saturation { ratio: row.requests_per_second / without, ..row };
        rows.extend(off.into_iter().chain(ours).map(ratio));
    }
    Ok(())
}

//! What the inbox's page proposes while nothing has arrived.

use inbox::answers::Hints;
use scenario::{Method, Scenario};

use crate::services::Service;

/// Calls of scenarios for the services at these ports: the first of each that reports an event, and one that is profiled.
pub fn of<'a>(services: impl Iterator<Item = (&'a Service, u16)> + Clone) -> Hints {
    let first = |fits: fn(&Scenario) -> bool| {
        services.clone().filter_map(move |(service, port)| {
            let plain = |it: &&&Scenario| {
                it.method == Method::Get && !it.path.contains('{') && it.unavailable.is_none() && fits(it)
            };
            let scenario = service.catalogue.scenarios.iter().find(plain)?;
            Some(format!("curl -i http://localhost:{port}{}", scenario.path))
        })
    };
    Hints {
        events: first(|it| it.expect.event.is_some()).collect(),
        profiles: first(|it| it.expect.hot_function.is_some()).take(1).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::SERVICES;

    #[test]
    fn each_service_has_a_call_that_reports_an_event_and_one_has_a_call_that_is_profiled() {
        let hints = of(SERVICES.iter().zip(7001..));
        assert_eq!(hints.events.len(), SERVICES.len(), "{hints:?}");
        assert!(hints.events[0].starts_with("curl -i http://localhost:7001/debug/"), "{hints:?}");
        assert_eq!(hints.profiles.len(), 1, "{hints:?}");
    }
}

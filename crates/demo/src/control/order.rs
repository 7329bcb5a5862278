//! What the page asks for, and whether it is possible.

use std::collections::BTreeMap;

use scenario::Method;
use scenario::listing::{Entry, ParameterValue};
use serde::Deserialize;

use super::known::{KnownService, ServiceState, clipped};
use super::refused::Refused;
use super::run::{self, Run, Target};
use super::{Control, State};
use crate::check::checked::Checked;
use crate::check::fire;

/// What the page asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Id of the scenario.
    pub scenario: String,
    /// Numbers that the caller chooses, by their names.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// How many calls.
    #[serde(default = "once")]
    pub times: usize,
}

fn once() -> usize {
    1
}

impl Control {
    /// Begins a run, or a burst, and returns its id.
    pub fn fire(&self, order: &Order) -> Result<String, Refused> {
        let target = self.target(order)?;
        let id = fire::new_run();
        if order.times == 1 {
            let run = Run::new(id.clone(), target.scenario.expect.events);
            self.change(|state| state.runs.insert(target.scenario.id.clone(), run));
            self.0.runtime.spawn(run::follow(self.clone(), id.clone(), target));
        } else {
            self.burst(id.clone(), order.times, target);
        }
        Ok(id)
    }

    fn target(&self, order: &Order) -> Result<Target, Refused> {
        let permit = || self.0.runs.clone().try_acquire_owned().map_err(|_| Refused::Busy);
        self.read(|state| {
            let (service, entry) = state.find(&order.scenario)?;
            let scenario = chosen(entry, &order.parameters)?;
            let may_repeat = scenario.method == Method::Get;
            if order.times != 1 && !(may_repeat && matches!(order.times, 10 | 100)) {
                return Err(Refused::Times);
            }
            if state.check.as_ref().is_some_and(|check| check.running) {
                return Err(Refused::Checking);
            }
            if state.is_under_way(&order.scenario) {
                return Err(Refused::Running);
            }
            let catalogue = service.listing.clone().ok_or(Refused::NoScenario)?;
            let service = Checked { url: service.url.clone(), catalogue, database: None };
            Ok(Target { service, scenario, permit: permit()? })
        })
    }
}

impl State {
    /// The scenario of that id, of a service that serves.
    fn find(&self, id: &str) -> Result<(&KnownService, &Entry), Refused> {
        let with = |service| Some((service, KnownService::scenario(service, id)?));
        let (service, entry) = self.services.iter().find_map(with).ok_or(Refused::NoScenario)?;
        if service.state != ServiceState::Serving {
            return Err(Refused::NotServing(service.name.clone()));
        }
        match &entry.unavailable {
            Some(reason) => Err(Refused::Unavailable(reason.clone())),
            None => Ok((service, entry)),
        }
    }

    fn is_under_way(&self, scenario: &str) -> bool {
        self.runs.get(scenario).is_some_and(Run::is_under_way)
            || self.bursts.get(scenario).is_some_and(|burst| !burst.done)
    }

    /// Whether any run or burst is under way.
    pub(super) fn is_quiet(&self) -> bool {
        !self.runs.values().any(Run::is_under_way) && self.bursts.values().all(|burst| burst.done)
    }
}

/// The scenario as it is called with these numbers. The words of a scenario make it what it is: they cannot be chosen.
fn chosen(entry: &Entry, numbers: &BTreeMap<String, f64>) -> Result<Entry, Refused> {
    let mut entry = entry.clone();
    for (name, number) in numbers {
        let parameter = entry.parameters.iter_mut().find(|parameter| parameter.name == *name);
        let parameter = parameter.filter(|it| matches!(it.default, Some(ParameterValue::Number(_))));
        let no_parameter = || Refused::NoParameter(clipped(name).chars().take(40).collect());
        let parameter = parameter.ok_or_else(no_parameter)?;
        let (min, max) = (parameter.min.unwrap_or(f64::MIN), parameter.max.unwrap_or(f64::MAX));
        if !(min..=max).contains(number) {
            return Err(Refused::OutOfBounds { name: parameter.name.clone(), min, max });
        }
        parameter.default = Some(ParameterValue::Number(*number));
    }
    // What was not chosen is what the scenario is about, not what lets a check be through sooner.
    entry.parameters.iter_mut().for_each(|parameter| parameter.quick = None);
    Ok(entry)
}

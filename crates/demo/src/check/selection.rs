//! Which scenarios of which services are fired.

use scenario::Method;
use scenario::listing::Entry;
use serde::Serialize;
use wildmatch::WildMatch;

use super::checked::Checked;
use super::error::CheckError;

/// A scenario to fire, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// The service.
    pub service: &'a Checked,
    /// One of its scenarios.
    pub scenario: &'a Entry,
}

/// All scenarios, or those whose id the pattern matches; never none.
pub fn select<'a>(services: &'a [Checked], only: Option<&str>) -> Result<Vec<Selected<'a>>, CheckError> {
    let all = || {
        services.iter().flat_map(|service| {
            service.catalogue.scenarios.iter().map(move |scenario| Selected { service, scenario })
        })
    };
    let Some(pattern) = only else {
        let selected: Vec<_> = all().collect();
        return if selected.is_empty() { Err(CheckError::NothingToCheck) } else { Ok(selected) };
    };
    let selected: Vec<_> = all().filter(|it| matches(pattern, &it.scenario.id)).collect();
    if selected.is_empty() {
        let ids = all().map(|it| it.scenario.id.clone()).collect();
        return Err(CheckError::NoMatch { pattern: pattern.to_owned(), ids });
    }
    Ok(selected)
}

/// Those that can keep their promise on their service's platform, and the others with the reason.
pub fn available(selected: Vec<Selected<'_>>) -> (Vec<Selected<'_>>, Vec<Skipped>) {
    let skipped = selected.iter().filter_map(Skipped::of).collect();
    let available = selected.into_iter().filter(|it| it.scenario.unavailable.is_none()).collect();
    (available, skipped)
}

/// A scenario that is not fired.
#[derive(Debug, Serialize)]
pub struct Skipped {
    /// The scenario.
    pub id: String,
    /// Why its service's platform cannot keep the promise.
    pub reason: String,
}

impl Skipped {
    fn of(it: &Selected<'_>) -> Option<Self> {
        Some(Self { id: it.scenario.id.clone(), reason: it.scenario.unavailable.clone()? })
    }
}

fn matches(pattern: &str, id: &str) -> bool {
    if pattern.contains(['*', '?']) { WildMatch::new(pattern).matches(id) } else { id.contains(pattern) }
}

/// The DELETE twins of selected scenarios that are not selected themselves.
pub fn unselected_resets<'a>(
    services: &'a [Checked],
    selected: &[Selected<'_>],
) -> Vec<(&'a Checked, &'a Entry)> {
    let fired = |service: &Checked, scenario: &Entry| {
        let of_service = |it: &&Selected<'_>| it.service.url == service.url;
        let here =
            selected.iter().filter(of_service).map(|it| it.scenario).filter(|it| it.path == scenario.path);
        let ids: Vec<_> = here.map(|it| it.id.as_str()).collect();
        !ids.is_empty() && !ids.contains(&scenario.id.as_str())
    };
    services
        .iter()
        .flat_map(|service| service.catalogue.scenarios.iter().map(move |scenario| (service, scenario)))
        .filter(|(service, scenario)| scenario.method == Method::Delete && fired(service, scenario))
        .collect()
}

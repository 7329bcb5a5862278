//! "Break everything": the whole check, on the services that run.

use inbox::timestamp;
use serde::Serialize;
use serde_json::Value;

use super::known::{ServiceState, clipped};
use super::refused::Refused;
use super::run::WAIT;
use super::{Control, watch};
use crate::check;
use crate::check::target::Targets;
use crate::terminal::{Progress, Step};

/// A check that runs, or the last one.
#[derive(Debug, Clone, Serialize)]
pub struct FullCheck {
    /// When it began, seconds since 1970.
    pub started_at: f64,
    /// Whether it still runs.
    pub running: bool,
    /// What it does.
    pub step: Step,
    /// How many promises were kept and broken, once that is known.
    pub kept: Option<[usize; 2]>,
    /// Why there is no verdict.
    pub error: Option<String>,
    /// What it found: the document of `demo check --json`. The page asks for it by itself.
    #[serde(skip)]
    pub report: Option<Value>,
}

impl Control {
    /// Begins the check. Traffic ends before: threads and files that it needs would count as not given back.
    pub fn check_all(&self) -> Result<(), Refused> {
        let urls = self.change(|state| {
            if state.check.as_ref().is_some_and(|check| check.running) {
                return Err(Refused::Checking);
            }
            if !state.is_quiet() {
                return Err(Refused::NotQuiet);
            }
            let missing = state.services.iter().find(|service| service.state != ServiceState::Serving);
            if let Some(missing) = missing {
                return Err(Refused::Incomplete(missing.name.clone()));
            }
            state.check = Some(FullCheck {
                started_at: timestamp::now(),
                running: true,
                step: Step::default(),
                kept: None,
                error: None,
                report: None,
            });
            Ok(state.services.iter().map(|service| service.url.clone()).collect::<Vec<_>>())
        })?;
        self.0.runtime.spawn(run(self.clone(), urls));
        Ok(())
    }

    /// What the last check found.
    pub fn report(&self) -> Option<Value> {
        self.read(|state| state.check.as_ref()?.report.clone())
    }

    fn change_check(&self, change: impl FnOnce(&mut FullCheck)) {
        self.change(|state| state.check.as_mut().map(change));
    }
}

async fn run(control: Control, urls: Vec<String>) {
    control.stop_traffic().await;
    let listener = control.clone();
    let progress = Progress::listen(move |step| listener.change_check(|check| check.step = step));
    let targets = Targets { urls: urls.clone(), inbox: control.0.inbox.clone(), are_own: false };
    let checked = check::check(None, WAIT, &targets, control.0.http.clone(), &progress).await;
    drop(progress);
    for url in urls {
        watch::read_catalogue(&control, &url).await;
    }
    control.change_check(|check| {
        check.running = false;
        match checked {
            Ok(report) => {
                check.kept = Some([report.verdicts.len() - report.broken(), report.broken()]);
                check.report = Some(report.to_json());
            }
            Err(error) => check.error = Some(clipped(&error.to_string())),
        }
    });
}

//! A release of the game engine that goes wrong, and the way back.

use inbox::timestamp;
use serde::{Deserialize, Serialize};

use super::Control;
use super::known::MarkKind;
use super::refused::Refused;
use crate::services::GAME_ENGINE;
use crate::supervisor::Deployment;
use crate::traffic::Options;

/// The variable with the version of a service.
const APP_VERSION: &str = "APP_VERSION";

/// The variable that switches the new paytable on.
const FLAG: &str = game_engine::settings::NEW_PAYTABLE.name;

/// Visits a second, where nobody plays: one round in fifteen wins what fails.
const RATE: f64 = 20.0;

/// Longest version, characters.
const LONGEST: usize = 32;

/// What the page asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The version, such as `1.1.0`.
    pub version: String,
    /// Whether its flag for the new paytable is on, which fails for one symbol.
    #[serde(default)]
    pub broken: bool,
}

/// The release that is deployed in place of the first one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// Of which service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// The version before.
    pub before: String,
    /// When it was deployed, seconds since 1970.
    pub since: f64,
    /// Whether it goes wrong.
    pub broken: bool,
}

impl Control {
    /// Deploys a version. Players play meanwhile: without traffic nothing would go wrong.
    pub fn deploy(&self, deploy: Deploy) -> Result<(), Refused> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
        if deploy.version.is_empty() || deploy.version.len() > LONGEST || !deploy.version.bytes().all(allowed)
        {
            return Err(Refused::Version);
        }
        let mut environment = vec![(APP_VERSION, deploy.version.clone())];
        if deploy.broken {
            environment.push((FLAG, "on".to_owned()));
        }
        self.restart(Deployment { environment }, Some(&deploy))?;
        let plays = self.read(|state| state.traffic.as_ref().is_some_and(|traffic| traffic.running));
        if plays { Ok(()) } else { self.start_traffic(Options { rate: RATE, ..Options::default() }) }
    }

    /// Goes back to the version before.
    pub fn roll_back(&self) -> Result<(), Refused> {
        self.restart(Deployment::default(), None)
    }

    fn restart(&self, deployment: Deployment, deploy: Option<&Deploy>) -> Result<(), Refused> {
        let deployer = self.0.deployer.get().ok_or(Refused::NotSupervised)?;
        self.change(|state| {
            if state.check.as_ref().is_some_and(|check| check.running) {
                return Err(Refused::Checking);
            }
            let runs = state.release.as_ref();
            match (runs, deploy) {
                (None, None) => return Err(Refused::NoRelease),
                (Some(runs), Some(new)) if (&runs.version, runs.broken) == (&new.version, new.broken) => {
                    return Err(Refused::Deployed(new.version.clone()));
                }
                _ => {}
            }
            let before = state.release.as_ref().map(|release| release.before.clone());
            let known = state.services.iter_mut().find(|known| known.name == GAME_ENGINE);
            let known = known.ok_or_else(|| Refused::NotServing(GAME_ENGINE.to_owned()))?;
            let before = before.or_else(|| known.version.clone()).unwrap_or_default();
            let version = deploy.map_or_else(|| before.clone(), |deploy| deploy.version.clone());
            known.mark(MarkKind::Deployed, format!("{GAME_ENGINE} {version} was deployed"));
            known.version = Some(version);
            state.release = deploy.map(|Deploy { version, broken }| Release {
                service: GAME_ENGINE.to_owned(),
                version: version.clone(),
                before,
                since: timestamp::now(),
                broken: *broken,
            });
            Ok(())
        })?;
        deployer.deploy(GAME_ENGINE, deployment);
        Ok(())
    }
}

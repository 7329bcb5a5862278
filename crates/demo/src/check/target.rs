//! The services to check and the inbox of their events: running ones, or ones started for the check.

use std::sync::Arc;
use std::time::Duration;

use inbox::Inbox;
use tokio::time::timeout;

use super::error::CheckError;
use super::received::InboxApi;
use crate::backing::Backing;
use crate::cli::CheckOptions;
use crate::ports::Preference;
use crate::services::SERVICES;
use crate::stage::{self, FROZEN_AFTER, Setup, Stage};
use crate::supervisor::{Notice, Supervisor};

/// How long the services may take until they answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Whom to check, and where their events arrive.
pub struct Targets {
    /// The services.
    pub urls: Vec<String>,
    /// The inbox.
    pub inbox: InboxApi,
    own: Option<(Supervisor, Arc<Inbox>)>,
}

impl Targets {
    /// Takes what the options name, or starts everything on free ports.
    pub async fn prepare(options: &CheckOptions, http: &reqwest::Client) -> Result<Self, CheckError> {
        let inbox = |url: &str| InboxApi::new(url, http.clone());
        if !options.url.is_empty() {
            let urls = options.url.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect();
            return Ok(Self::running(urls, inbox(options.inbox.as_str())));
        }
        if stage::foreign_dsn().is_some() {
            return Err(CheckError::EventsElsewhere);
        }
        let setup = Setup {
            preference: Preference::Free,
            sentry: None,
            frozen_after: FROZEN_AFTER,
            backing: Backing::default(),
        };
        let mut stage = Stage::set(setup, http).await?;
        match serving(&mut stage.services).await {
            Ok(urls) => {
                let inbox = inbox(&stage.inbox.url());
                Ok(Self { urls, inbox, own: Some((stage.services, stage.inbox)) })
            }
            Err(error) => {
                stage.services.stop().await;
                Err(error)
            }
        }
    }

    /// Services and an inbox that run already.
    pub fn running(urls: Vec<String>, inbox: InboxApi) -> Self {
        Self { urls, inbox, own: None }
    }

    /// Whether they were started for the check, and end with it.
    pub fn are_own(&self) -> bool {
        self.own.is_some()
    }

    /// Stops what was started for the check.
    pub async fn leave(self) {
        if let Some((services, _inbox)) = self.own {
            services.stop().await;
        }
    }
}

/// Where the services are, in the order of [`SERVICES`], once all answer.
async fn serving(supervisor: &mut Supervisor) -> Result<Vec<String>, CheckError> {
    let mut urls: [Option<String>; SERVICES.len()] = Default::default();
    while let Some(missing) = urls.iter().position(Option::is_none) {
        let service = SERVICES[missing].name;
        match timeout(START_LIMIT, supervisor.next()).await {
            Ok(Some(Notice::Serving { service, url, .. })) => {
                let index = SERVICES.iter().position(|it| it.name == service.name);
                if let Some(place) = index.and_then(|index| urls.get_mut(index)) {
                    *place = Some(url);
                }
            }
            Ok(Some(Notice::Died { service, how, output_tail, .. })) => {
                let reason = format!("{how} {}", output_tail.join(" "));
                return Err(CheckError::NotStarted { service: service.name, reason });
            }
            Ok(Some(Notice::Frozen { .. } | Notice::Deploying { .. })) => {}
            Ok(Some(Notice::GaveUp { service, reason } | Notice::NotStarted { service, reason, .. })) => {
                return Err(CheckError::NotStarted { service: service.name, reason });
            }
            Ok(None) => return Err(CheckError::NotStarted { service, reason: "it ended".to_owned() }),
            Err(_) => {
                let reason = format!("no answer within {} s", START_LIMIT.as_secs());
                return Err(CheckError::NotStarted { service, reason });
            }
        }
    }
    Ok(urls.into_iter().flatten().collect())
}

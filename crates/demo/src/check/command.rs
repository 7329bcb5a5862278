//! `demo check`: checks running services, or starts everything for the check.

use std::future::pending;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use inbox::Inbox;
use tokio::time::timeout;

use super::check;
use super::error::CheckError;
use super::received::InboxApi;
use super::report::Report;
use super::table;
use super::target::Targets;
use crate::backing::Backing;
use crate::cli::CheckOptions;
use crate::http;
use crate::ports::Preference;
use crate::services::SERVICES;
use crate::stage::{self, FROZEN_AFTER, Setup, Stage, StageError};
use crate::supervisor::{Notice, Supervisor};
use crate::terminal::{self, Progress, say};

/// How long the services may take until they answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Why the command could not check anything.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(
        "SENTRY_DSN is set, so the events would go there, where the check cannot read them: \
         unset it, or check services that send to an inbox with --url and --inbox"
    )]
    EventsElsewhere,
    #[error("no HTTP client: {0}")]
    Http(#[source] reqwest::Error),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error("{service} did not start: {reason}")]
    NotStarted { service: &'static str, reason: String },
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// What was started for the check.
struct Own {
    services: Supervisor,
    _inbox: Arc<Inbox>,
}

/// Runs the check and prints its report: status 0 all kept, 1 some broken, 2 it could not run.
pub async fn main(options: CheckOptions) -> ExitCode {
    match run(&options).await {
        Ok(report) => {
            say(&if options.json { report.to_json().to_string() } else { table::render(&report) });
            if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

async fn run(options: &CheckOptions) -> Result<Report, CommandError> {
    let http = http::client().map_err(CommandError::Http)?;
    let progress = Progress::start();
    progress.show("starting the inbox and the services");
    let (targets, own) = prepare(options, &http).await?;
    let report = check(options.only.as_deref(), options.wait, &targets, http, &progress).await;
    progress.show("stopping what was started");
    if let Some(own) = own {
        own.services.stop(pending()).await;
    }
    Ok(report?)
}

/// Takes what the options name, or starts everything on free ports.
async fn prepare(
    options: &CheckOptions,
    http: &reqwest::Client,
) -> Result<(Targets, Option<Own>), CommandError> {
    let inbox = |url: &str| InboxApi::new(url, http.clone());
    if !options.url.is_empty() {
        let urls = options.url.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect();
        return Ok((Targets { urls, inbox: inbox(options.inbox.as_str()), are_own: false }, None));
    }
    if stage::foreign_dsn().is_some() {
        return Err(CommandError::EventsElsewhere);
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
            let targets = Targets { urls, inbox: inbox(&stage.inbox.url()), are_own: true };
            Ok((targets, Some(Own { services: stage.services, _inbox: stage.inbox })))
        }
        Err(error) => {
            stage.services.stop(pending()).await;
            Err(error)
        }
    }
}

/// Where the services are, in the order of [`SERVICES`], once all answer.
async fn serving(supervisor: &mut Supervisor) -> Result<Vec<String>, CommandError> {
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
                return Err(CommandError::NotStarted { service: service.name, reason });
            }
            Ok(Some(Notice::Frozen { .. } | Notice::Deploying { .. })) => {}
            Ok(Some(Notice::GaveUp { service, reason } | Notice::NotStarted { service, reason, .. })) => {
                return Err(CommandError::NotStarted { service: service.name, reason });
            }
            Ok(None) => return Err(CommandError::NotStarted { service, reason: "it ended".to_owned() }),
            Err(_) => {
                let reason = format!("no answer within {} s", START_LIMIT.as_secs());
                return Err(CommandError::NotStarted { service, reason });
            }
        }
    }
    Ok(urls.into_iter().flatten().collect())
}

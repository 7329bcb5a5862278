//! The standing demo: starts everything, prints what happens to it, stops it.

use std::process::ExitCode;
use std::time::Duration;

use sentry_context::process::{DELIVERY, GRACE};

use crate::backing::{Backing, Started};
use crate::check::fire::ScenarioClient;
use crate::cli::UpOptions;
use crate::control::Control;
use crate::http;
use crate::ports::Preference;
use crate::signals::asked_to_stop;
use crate::stage::{self, Setup, Stage, StageError};
use crate::supervisor::{Notice, Supervisor};
use crate::terminal::{self, say};
use crate::walkthrough::{self, Walkthrough};

/// Runs until Ctrl-C or SIGTERM, which is success; or until no service is left, which is not.
pub async fn main(options: UpOptions) -> ExitCode {
    match up(options).await {
        Ok(Ending::Asked) => ExitCode::SUCCESS,
        Ok(Ending::NothingLeft) => terminal::refuse("no service is left"),
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

enum Ending {
    Asked,
    NothingLeft,
}

async fn up(options: UpOptions) -> Result<Ending, StageError> {
    let http = http::client().map_err(StageError::Http)?;
    let backing = Backing::find().await;
    // Kept until the services have ended.
    let (backing, _servers) = if options.full {
        backing.starting().iter().for_each(|line| say(line));
        backing.start_missing().await
    } else {
        (backing, Started::default())
    };
    backing.lines().iter().for_each(|line| say(line));
    let setup = Setup {
        preference: if options.free_ports { Preference::Free } else { Preference::Usual },
        sentry: stage::foreign_dsn(),
        frozen_after: options.frozen_after,
        backing,
    };
    let copies = setup.sentry.is_some();
    let Stage { inbox, mut services, control } = Stage::set(setup, &http).await?;
    say(&walkthrough::inbox(&inbox, copies));
    let ending = tokio::select! {
        () = asked_to_stop() => Ending::Asked,
        () = report(&mut services, &control, ScenarioClient::new(http)) => Ending::NothingLeft,
    };
    if matches!(ending, Ending::Asked) {
        say(&format!(
            "stopping, which a service may take {} s for; Ctrl-C again cuts off what is in flight",
            (GRACE + DELIVERY).as_secs()
        ));
    }
    // Listens from now on: the traffic takes a moment to stop, too.
    let again = tokio::spawn(asked_to_stop());
    control.stop_traffic().await;
    services.stop(async { drop(again.await) }).await;
    Ok(ending)
}

/// Reports what happens to the services until none is left.
async fn report(services: &mut Supervisor, control: &Control, client: ScenarioClient) {
    let mut walkthrough = Walkthrough::new(client);
    while let Some(notice) = services.next().await {
        say(&line(&notice));
        control.note(&notice).await;
        let all_settled = match notice {
            Notice::Serving { service, url, .. } => walkthrough.serves(service, url),
            Notice::GaveUp { service, .. } => walkthrough.settles(service),
            _ => false,
        };
        if all_settled {
            say(&walkthrough.text().await);
        }
    }
}

fn line(notice: &Notice) -> String {
    match notice {
        Notice::Serving { service, url, pid, again } => {
            let again = if *again { ", serving again" } else { "" };
            let taken = if walkthrough::is_usual(url, service.usual_port) {
                ""
            } else {
                &format!(", not on {}", service.usual_port)
            };
            format!("{:<12} {url} (pid {pid}{taken}{again})", service.name)
        }
        Notice::Died { service, how, output_tail, lived, restart_in } => {
            let words = if output_tail.is_empty() {
                String::new()
            } else {
                format!("\n  {}", output_tail.join("\n  "))
            };
            let (lived, restart_in) = (seconds(*lived), seconds(*restart_in));
            format!("{:<12} died after {lived}: {how}; restarted in {restart_in}{words}", service.name)
        }
        Notice::NotStarted { service, reason, retry_in } => {
            format!("{:<12} could not be started: {reason}; retried in {}", service.name, seconds(*retry_in))
        }
        Notice::Deploying { service } => format!("{:<12} is stopped for another deployment", service.name),
        Notice::Frozen { service, silent_for } => {
            format!("{:<12} has not answered for {}, and is killed", service.name, seconds(*silent_for))
        }
        Notice::GaveUp { service, reason } => format!("{:<12} did not start: {reason}", service.name),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

//! What the demo adds to the page of the inbox: the tab Scenarios, its routes, and what to propose. And the page by itself,
//! for services that run elsewhere.

use std::process::ExitCode;
use std::sync::Arc;

use inbox::answers::Hints;
use inbox::page::{Additions, File, Routes};
use inbox::{Inbox, Options};
use reqwest::Url;

use crate::control::known::KnownService;
use crate::control::{Control, Setup, routes};
use crate::ports::Preference;
use crate::signals::asked_to_stop;
use crate::terminal::{self, say};
use crate::{http, ports};

/// So that a name is written once.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(File { name: $name, content: include_str!(concat!("../page/", $name)) }),+]
    };
}

/// Its modules, and a style sheet that the first one brings.
const FILES: &[File] = &files![
    "scenarios.js",
    "scenarios.css",
    "scenario-card.js",
    "scenario-charts.js",
    "scenario-check.js",
    "scenario-controls.js",
    "scenario-services.js",
    "scenario-stage.js",
    "scenario-verdict.js",
];

/// Everything that is added.
pub fn additions(control: &Control, hints: Hints) -> Additions {
    let control = control.clone();
    Additions {
        tabs: vec!["scenarios.js"],
        files: FILES.to_vec(),
        hints,
        routes: Routes::new(move |app| routes::configure(app, &control)),
    }
}

/// Serves the page until SIGINT or SIGTERM.
pub async fn serve(services: Vec<Url>) -> ExitCode {
    match served(services).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => terminal::refuse(&reason),
    }
}

async fn served(services: Vec<Url>) -> Result<(), String> {
    let mut options = Options::from_env()?;
    // The gateway of the traffic has to know it before the inbox listens.
    let free = ports::choose(&[0], Preference::Free).map_err(|error| error.to_string())?;
    if let (0, [port]) = (options.addr.port(), &free[..]) {
        options.addr.set_port(port.number());
    }
    let http = http::client().map_err(|error| error.to_string())?;
    let known = services.iter().map(|url| {
        let name = url.host_str().unwrap_or_default();
        KnownService::new(name, url.as_str().trim_end_matches('/').to_owned(), None)
    });
    // The inbox is in this process, whatever address it listens on.
    let here = ports::loopback(options.addr.port());
    let control = Control::new(Setup {
        services: known.collect(),
        supervised: false,
        inbox: &format!("http://{here}"),
        gateway: &format!("http://inbox@{here}/4"),
        sentry: None,
        http,
    });
    let control = control.map_err(|error| error.to_string())?;
    let options = Options { page: additions(&control, Hints::default()), ..options };
    let inbox = Arc::new(Inbox::start_with(options).await.map_err(|error| error.to_string())?);
    control.begin(&inbox, None);
    say(&format!("{:<12} {}  open it in a browser", "inbox", inbox.url()));
    asked_to_stop().await;
    control.stop_traffic().await;
    Ok(())
}

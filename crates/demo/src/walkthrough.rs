//! What the standing demo prints: where everything is, and what to try.

use inbox::Inbox;
use scenario::Method;
use scenario::listing::{Entry, Listing};

use crate::check::fire::ScenarioClient;
use crate::ports::INBOX_PORT;
use crate::services::{SERVICES, Service};

/// How many calls are proposed per service; its catalogue has the rest.
const PROPOSED: usize = 2;

/// The line about the inbox; `copies` says whether a Sentry server gets a copy of everything.
pub fn inbox(inbox: &Inbox, copies: bool) -> String {
    let url = inbox.url();
    let taken = if is_usual(&url, INBOX_PORT) { "" } else { &format!(" (not on {INBOX_PORT})") };
    let what = if copies {
        "open it in a browser: every event arrives here, and a copy at SENTRY_DSN"
    } else {
        "open it in a browser: break something, and every event arrives here"
    };
    format!("{:<12} {url}{taken}  {what}", "inbox")
}

/// Whether the URL has that port.
pub fn is_usual(url: &str, port: u16) -> bool {
    url.ends_with(&format!(":{port}"))
}

/// Collects who serves, and says what there is to try once every service has started or been given up.
#[derive(Debug)]
pub struct Walkthrough {
    client: ScenarioClient,
    awaited: Vec<&'static str>,
    serving: Vec<(&'static Service, String)>,
}

/// Something to type, and what it is about.
struct Line {
    command: String,
    about: String,
}

impl Walkthrough {
    /// Awaits all services.
    pub fn new(client: ScenarioClient) -> Self {
        let awaited = SERVICES.iter().map(|service| service.name).collect();
        Self { client, awaited, serving: Vec::new() }
    }

    /// Notes where the service is; true if it was the last one awaited.
    pub fn serves(&mut self, service: &'static Service, url: String) -> bool {
        if self.awaited.contains(&service.name) {
            self.serving.push((service, url));
        }
        self.settles(service)
    }

    /// Awaits this service no longer; true if it was the last one awaited, and there is anything to try.
    pub fn settles(&mut self, service: &'static Service) -> bool {
        let before = self.awaited.len();
        self.awaited.retain(|name| *name != service.name);
        before > 0 && self.awaited.is_empty() && !self.serving.is_empty()
    }

    /// What to try, as the catalogues have it.
    pub async fn text(&self) -> String {
        let (mut calls, mut catalogues) = (Vec::new(), Vec::new());
        for (service, url) in self.in_order() {
            let about = match self.client.catalogue(url).await {
                Ok(catalogue) => {
                    calls.extend(self.proposals(url, &catalogue));
                    format!("every scenario of {} ({})", service.name, catalogue.scenarios.len())
                }
                Err(error) => error.to_string(),
            };
            catalogues
                .push(Line { command: format!("{}{url}{}", self.curl(), service.catalogue.path), about });
        }
        calls.extend(catalogues);
        let width = calls.iter().map(|line| line.command.len()).max().unwrap_or_default();
        let calls = calls.iter().map(|line| format!("  {:<width$}  # {}\n", line.command, line.about));
        format!(
            "\nTry, and watch the inbox:\n{}\
             `cargo run -- check` fires every scenario and compares its events with its promise.\n\
             A service that dies is started again. RUST_LOG=info shows the services' logs.\n\
             Ctrl-C stops everything.",
            calls.collect::<String>()
        )
    }

    /// In the order of [`SERVICES`], not of their start.
    fn in_order(&self) -> impl Iterator<Item = &(&'static Service, String)> {
        SERVICES.iter().filter_map(|service| self.serving.iter().find(|(it, _)| it.name == service.name))
    }

    fn proposals(&self, url: &str, catalogue: &Listing) -> Vec<Line> {
        let mut scenarios: Vec<&Entry> =
            catalogue.scenarios.iter().filter(|scenario| scenario.unavailable.is_none()).collect();
        // Those that share a path differ too little to be proposed together.
        scenarios.dedup_by_key(|scenario| scenario.path.as_str());
        let line = |scenario: &Entry| {
            let method =
                if scenario.method == Method::Get { "" } else { &format!("-X {} ", scenario.method) };
            let command = format!("{}{method}{url}{}", self.curl(), scenario.path_and_query());
            Line { command, about: scenario.title.clone() }
        };
        scenarios.into_iter().map(line).take(PROPOSED).collect()
    }

    fn curl(&self) -> &'static str {
        if self.client.has_token() {
            "curl -i -H \"Authorization: Bearer $DEBUG_TOKEN\" "
        } else {
            "curl -i "
        }
    }
}

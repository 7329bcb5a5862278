//! What the standing demo says about itself: where everything is, and what to try.

use std::fmt;

use inbox::Inbox;

use crate::services::Service;
use crate::stage::INBOX_PORT;

/// The line about the inbox.
pub fn inbox(inbox: &Inbox, events_go_elsewhere: bool) -> String {
    let url = inbox.url();
    let taken = if is_usual(&url, INBOX_PORT) { "" } else { &format!(" (not on {INBOX_PORT})") };
    let what = if events_go_elsewhere {
        "stays empty: SENTRY_DSN is set, events go there"
    } else {
        "open it in a browser: every event arrives here"
    };
    format!("{:<12} {url}{taken}  {what}", "inbox")
}

/// Whether the URL has that port.
pub fn is_usual(url: &str, port: u16) -> bool {
    url.ends_with(&format!(":{port}"))
}

/// What to try, for the services that serve.
#[derive(Debug, Default)]
pub struct Walkthrough {
    serving: Vec<(&'static Service, String)>,
}

impl Walkthrough {
    /// Notes where a service is.
    pub fn serves(&mut self, service: &'static Service, url: String) {
        self.serving.retain(|(known, _)| known.name != service.name);
        self.serving.push((service, url));
    }
}

impl fmt::Display for Walkthrough {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.serving.is_empty() {
            writeln!(out, "\nTry:")?;
        }
        for (service, url) in &self.serving {
            writeln!(out, "  curl -i {url}{}/crash", service.debug_path)?;
        }
        if let Some((service, url)) = self.serving.first() {
            writeln!(out, "  curl -s {url}{}        all scenarios and what each promises", service.debug_path)?;
        }
        writeln!(out, "Check every promise with `cargo run -- check`. RUST_LOG=info shows the services' logs.")?;
        write!(out, "Ctrl-C stops everything.")
    }
}

//! The command line. Clap answers usage errors itself: a line on stderr, exit status 2.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use sentry_context::redaction;

use crate::ports::INBOX_PORT;
use crate::services::{self, Service};
use crate::traffic;

/// Where the standing demo has its inbox.
static USUAL_INBOX: LazyLock<String> = LazyLock::new(|| format!("http://127.0.0.1:{INBOX_PORT}"));

/// Sentry demo: an inbox that receives events and three services that fail on purpose.
///
/// Without a subcommand everything is started, and stays up until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "demo", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of staying up.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to stay up.
    #[command(flatten)]
    pub up: UpOptions,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fire every scenario and compare its events with what its catalogue promises.
    ///
    /// Exit status: 0 all promises kept, 1 some broken, 2 the check could not run.
    Check(CheckOptions),
    /// Show which fingerprint rule an event matches, and what fingerprint and title it gets.
    ///
    /// Exit status: 0 also where no rule matches, 2 where rules or event cannot be read.
    Fingerprint(FingerprintOptions),
    /// Write the table of scenarios in docs/scenarios.md, from the declarations in the code.
    Table,
    /// Write `.env.example` and the READMEs' tables of environment variables, from the declarations in the code.
    Variables,
    /// Let players play for a while, in a demo that runs, and look at the traces of their rounds.
    ///
    /// Exit status: 0 all traces are whole, 1 some are not, 2 the traffic could not run.
    Traffic(TrafficOptions),
    /// Deploy a release of the game engine that goes wrong, in a demo that runs, or roll it back.
    ///
    /// Exit status: 0 it serves, 2 it could not be deployed.
    Release(ReleaseOptions),
    /// Serve the page for services that run already. It listens as HOST, PORT and the other variables of the inbox say.
    Serve(ServeOptions),
}

/// Options of the page.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Run this service in this process instead; it ends when stdin does.
    #[arg(value_parser = services::named, hide = true)]
    pub service: Option<&'static Service>,
    /// Where a service is (may repeat).
    #[arg(long, value_name = "URL", value_parser = http_url, required_unless_present = "service", conflicts_with = "service")]
    pub url: Vec<Url>,
}

/// Options of the traffic.
#[derive(Debug, Args)]
pub struct TrafficOptions {
    /// How much of what.
    #[command(flatten)]
    pub options: traffic::Options,
    /// The page of the demo that runs.
    #[arg(long, value_name = "URL", value_parser = http_url, default_value = USUAL_INBOX.as_str())]
    pub page: Url,
}

/// Options of a release.
#[derive(Debug, Args)]
pub struct ReleaseOptions {
    /// The version to deploy, such as 1.1.0, or `roll-back`.
    #[arg(value_name = "VERSION|roll-back")]
    pub target: Target,
    /// Leave the new paytable off, which fails for one symbol.
    #[arg(long)]
    pub healthy: bool,
    /// The page of the demo that runs.
    #[arg(long, value_name = "URL", value_parser = http_url, default_value = USUAL_INBOX.as_str())]
    pub page: Url,
}

/// What is to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Another version.
    Version(String),
    /// The version before.
    Before,
}

impl FromStr for Target {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "roll-back" { Self::Before } else { Self::Version(text.to_owned()) })
    }
}

/// Options of the standing demo.
#[derive(Debug, Args)]
pub struct UpOptions {
    /// Take free ports even where the usual ones are free, to run a second demo.
    #[arg(long)]
    pub free_ports: bool,
    /// Start MongoDB and RabbitMQ where this machine has none: with Docker, or from packages.
    #[arg(long)]
    pub full: bool,
    /// Restart a service that does not answer for this long. The longest scenario blocks it for 30 s.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "40")]
    pub frozen_after: Duration,
}

/// Options of the check.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// Only scenarios whose id contains PATTERN, or matches it where it has `*` or `?`.
    #[arg(long, value_name = "PATTERN")]
    pub only: Option<String>,
    /// Print one JSON document instead of the table.
    ///
    /// `ok`, counts, `scenarios` and `services`, each of these with its `mismatches`: `field`, `promised`, `got`.
    #[arg(long)]
    pub json: bool,
    /// Check a service that already runs (may repeat); without it all are started for the check.
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub url: Vec<Url>,
    /// Where the events of the `--url` services arrive.
    #[arg(long, value_name = "URL", value_parser = http_url, default_value = USUAL_INBOX.as_str(), requires = "url")]
    pub inbox: Url,
    /// How long to wait for promised events after the last answer.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "15")]
    pub wait: Duration,
}

/// Options of the trial of fingerprint rules.
#[derive(Debug, Args)]
pub struct FingerprintOptions {
    /// File of fingerprint rules, such as game-engine/src/fingerprint.rules.
    #[arg(value_name = "RULES")]
    pub rules: PathBuf,
    /// File with an event as JSON, or with the inbox's answer to /api/events/ID; `-` reads stdin.
    #[arg(value_name = "EVENT.json")]
    pub event: PathBuf,
    /// Also say why each rule before did not match.
    #[arg(long)]
    pub why: bool,
}

impl Cli {
    /// Reads the command line. A usage error ends the process, and shows no part of a URL that may hold a secret.
    pub fn from_arguments() -> Self {
        Self::try_parse().unwrap_or_else(|error| without_secrets(error).exit())
    }
}

fn without_secrets(mut error: clap::Error) -> clap::Error {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let is_url = URLS.iter().any(|name| argument.starts_with(name));
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(text)) = error.get(kind) {
            let shown = shown(text, is_url && kind == ContextKind::InvalidValue);
            error.insert(kind, ContextValue::String(shown));
        }
    }
    error
}

/// What may be said of a word of the command line.
fn shown(text: &str, is_url: bool) -> String {
    if is_url || text.contains('@') {
        return redaction::address(text).unwrap_or_else(|| "[hidden]".to_owned());
    }
    let mut text = text.to_owned();
    redaction::text(&mut text);
    text
}

/// Options that take a URL.
const URLS: [&str; 3] = ["--url", "--inbox", "--page"];

fn http_url(text: &str) -> Result<Url, &'static str> {
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && plain(url));
    url.ok_or(
        "must be such as http://127.0.0.1:8082, with http or https, and without user, password and query",
    )
}

fn seconds(text: &str) -> Result<Duration, String> {
    let bounds = 0.1..=300.0;
    match text.parse::<f64>() {
        Ok(seconds) if bounds.contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0.1 to 300".to_owned()),
    }
}

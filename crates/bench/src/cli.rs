//! The command line.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::app::Variant;
use crate::load::{self, Amount, Request};
use crate::{Error, app, rows, sink, table};

/// What Sentry costs a service, and what it loses.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Seconds of each measurement at saturation.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Rounds of each measurement at saturation; medians are reported.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Worker threads of the service [default: one for each of its cores].
    #[arg(long)]
    workers: Option<usize>,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<rows::Part>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The service under test.
    #[command(hide = true)]
    Serve { variant: Variant, workers: usize },
    /// A program of that many threads that compute.
    #[command(hide = true)]
    Busy { threads: usize },
    /// The Sentry at the other end.
    #[command(hide = true)]
    Sink { delay_ms: u64 },
    /// Load alone, for a profiler beside it; prints requests a second.
    #[command(hide = true)]
    Load { address: SocketAddr, path: String, seconds: f64 },
}

impl Cli {
    pub(crate) fn run(self) -> Result<(), Error> {
        match self.role {
            Some(Role::Serve { variant, workers }) => app::serve(variant, workers),
            Some(Role::Busy { threads }) => app::compute(threads),
            Some(Role::Sink { delay_ms }) => sink::serve(Duration::from_millis(delay_ms)),
            Some(Role::Load { address, path, seconds }) => {
                let amount = Amount::For(Duration::from_secs_f64(seconds));
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let answers = runtime.block_on(load::send(address, Request::get(path.leak()), amount, 64));
                Ok(writeln!(std::io::stdout(), "{:.0}", answers.per_second())?)
            }
            None => {
                let report = rows::measure(&rows::Plan {
                    time: Duration::from_secs_f64(self.seconds),
                    rounds: self.rounds.max(1),
                    workers: self.workers,
                    parts: self.only,
                })?;
                table::print(&report, self.json)
            }
        }
    }
}

//! What Sentry costs a service, and what is lost: the same three routes without Sentry, with the stock SDK, and with
//! `sentry-context`, on the same cores, in one run.
//!
//! - `app`: the service under test, in its three variants; `sink`: the Sentry that it sends to
//! - `child`, `affinity`: each in a process of its own, the service apart from load and sink
//! - `load`: requests as fast as they go, at a steady rate, or a number of them
//! - `rows`: what is measured; `table`: how it is reported

mod affinity;
mod app;
mod child;
mod cli;
mod load;
mod rows;
mod sink;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Anything that keeps the benchmark from measuring.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("a child process said {0:?} instead of where it listens")]
    Child(String),
    #[error("a child process ended with {0}")]
    Ended(std::process::ExitStatus),
    #[error("{0} is not built; `cargo build --release --workspace` builds it")]
    NotBuilt(String),
    #[error("the sink gave an unexpected answer: {0}")]
    Sink(#[from] serde_json::Error),
    #[error("no processor to run on: {0}")]
    Affinity(#[from] nix::Error),
}

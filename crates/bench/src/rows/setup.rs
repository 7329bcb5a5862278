//! A service and its Sentry, each in a process of its own.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;
use crate::affinity::Cores;
use crate::app::Variant;
use crate::child::{Listener, Program};
use crate::sink::Received;

/// How long nothing arrives before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(4);

/// The machine's shares.
pub(super) struct Setup {
    pub(super) workers: usize,
    pub(super) cores: Cores,
}

/// Both, started.
pub(super) struct Pair {
    pub(super) service: Listener,
    pub(super) sentry: Listener,
}

impl Setup {
    pub(super) async fn pair(&self, variant: Variant, delay_ms: u64) -> Result<Pair, Error> {
        let role = ["serve", &variant.to_string(), &self.workers.to_string()];
        self.pair_of(Program::Role(&role), delay_ms, &[]).await
    }

    /// A program and its Sentry.
    pub(super) async fn pair_of(
        &self,
        program: Program<'_>,
        delay_ms: u64,
        environment: &[(&str, &str)],
    ) -> Result<Pair, Error> {
        let sentry = self.sentry(delay_ms).await?;
        let service = self.start(program, &sentry, environment).await?;
        Ok(Pair { service, sentry })
    }

    pub(super) async fn sentry(&self, delay_ms: u64) -> Result<Listener, Error> {
        Listener::start(Program::Role(&["sink", &delay_ms.to_string()]), &[], &self.cores.rest).await
    }

    pub(super) async fn service(
        &self,
        variant: Variant,
        sentry: &Listener,
        environment: &[(&str, &str)],
    ) -> Result<Listener, Error> {
        let role = ["serve", &variant.to_string(), &self.workers.to_string()];
        self.start(Program::Role(&role), sentry, environment).await
    }

    /// A program on the service's cores.
    pub(super) async fn start(
        &self,
        program: Program<'_>,
        sentry: &Listener,
        environment: &[(&str, &str)],
    ) -> Result<Listener, Error> {
        let dsn = format!("http://bench@{}/1", sentry.address);
        let environment = [&[("SENTRY_DSN", dsn.as_str())], environment].concat();
        Listener::start(program, &environment, &self.cores.service).await
    }
}

impl Pair {
    /// Ends the service, and waits for what its Sentry gets until then.
    pub(super) async fn finish(mut self) -> Result<Received, Error> {
        self.service.terminate()?;
        self.service.ended().await?;
        received(&self.sentry).await
    }

    /// Waits until everything is accounted for, or nothing more arrives.
    pub(super) async fn settled(&self, accounted: impl Fn(&Received) -> bool) -> Result<Received, Error> {
        settled(&self.sentry, accounted).await
    }
}

pub(super) async fn settled(
    sentry: &Listener,
    accounted: impl Fn(&Received) -> bool,
) -> Result<Received, Error> {
    let mut latest = received(sentry).await?;
    let mut quiet = Duration::ZERO;
    while !accounted(&latest) && quiet < PATIENCE {
        const PAUSE: Duration = Duration::from_millis(200);
        tokio::time::sleep(PAUSE).await;
        let now = received(sentry).await?;
        let same = (now.events, now.transactions, &now.discarded)
            == (latest.events, latest.transactions, &latest.discarded);
        quiet = if same { quiet + PAUSE } else { Duration::ZERO };
        latest = now;
    }
    Ok(latest)
}

/// What a sink has received until now.
pub(super) async fn received(sentry: &Listener) -> Result<Received, Error> {
    let mut stream = TcpStream::connect(sentry.address).await?;
    stream.write_all(b"GET /received HTTP/1.1\r\nHost: sink\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok(serde_json::from_str(body)?)
}

impl Received {
    pub(super) fn lost(&self, category: &str) -> u64 {
        self.discarded.get(category).copied().unwrap_or(0)
    }
}

//! Child processes: this program again, in another role.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{Error, affinity};

/// A child that listens.
pub(crate) struct Listener {
    child: Child,
    pub(crate) address: SocketAddr,
    begun: Instant,
}

impl Listener {
    /// Starts this program with these arguments, on these cores, and waits until it listens.
    pub(crate) async fn start(
        arguments: &[&str],
        environment: &[(&str, &str)],
        cores: &[usize],
    ) -> Result<Self, Error> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).envs(environment.iter().copied()).env("RUST_LOG", "error").kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        affinity::pin(child.id(), cores)?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).await?;
        }
        let address = line.trim().parse().map_err(|_| Error::Child(line.clone()))?;
        Ok(Self { child, address, begun })
    }

    /// Asks it something at once; the time from its start to its answer.
    pub(crate) async fn first_answer(&self) -> Result<Duration, Error> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: service\r\n\r\n").await?;
        stream.read_u8().await?;
        Ok(self.begun.elapsed())
    }

    /// Writes a line to its standard input.
    pub(crate) async fn tell(&mut self, line: &str) -> Result<(), Error> {
        if let Some(input) = &mut self.child.stdin {
            input.write_all(format!("{line}\n").as_bytes()).await?;
        }
        Ok(())
    }

    pub(crate) fn terminate(&self) -> Result<(), Error> {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            kill(Pid::from_raw(id), Signal::SIGTERM)?;
        }
        Ok(())
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<(), Error> {
        self.child.wait().await?;
        Ok(())
    }

    /// Processor time used until now, by all threads and by those of the server alone.
    pub(crate) fn processor_time(&self) -> [Duration; 2] {
        let tasks = self.child.id().and_then(|id| std::fs::read_dir(format!("/proc/{id}/task")).ok());
        let stats = tasks.into_iter().flatten().filter_map(|task| {
            let stat = std::fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
            let (name, fields) = stat.rsplit_once(") ")?;
            // The 14th and 15th field of all: user and system time, in ticks of 10 ms.
            let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
            Some((name.contains("actix"), Duration::from_millis(ticks * 10)))
        });
        stats.fold([Duration::ZERO; 2], |[all, server], (of_server, time)| {
            [all + time, if of_server { server + time } else { server }]
        })
    }

    /// Resident memory now and at its peak, MiB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status =
            self.child.id().and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
        let status = status.unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace()
                .next()
                .and_then(|kib| kib.parse().ok())
                .map_or(0.0, |kib: f64| kib / 1024.0)
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }
}

/// Tells the parent where this child listens.
pub(crate) fn tell_address(address: SocketAddr) {
    let mut output = std::io::stdout();
    // A parent that is gone will not ask.
    let _ = writeln!(output, "{address}").and_then(|()| output.flush());
}

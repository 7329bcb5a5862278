//! Child processes: this program again, in another role, or a service of this repository.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{Error, affinity};

/// A child that listens.
pub(crate) struct Listener {
    child: Child,
    pub(crate) address: SocketAddr,
    begun: Instant,
}

/// What to start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Program<'a> {
    /// This program, in a role.
    Role(&'a [&'a str]),
    /// A service of this repository, built beside this program.
    Service(&'a str),
}

impl Listener {
    /// Starts a program on these cores, and waits until it listens.
    pub(crate) async fn start(
        program: Program<'_>,
        environment: &[(&str, &str)],
        cores: &[usize],
    ) -> Result<Self, Error> {
        let this = std::env::current_exe()?;
        let mut command = match program {
            Program::Role(arguments) => {
                let mut command = Command::new(this);
                command.args(arguments).env("RUST_LOG", "error").env_remove("RUST_BACKTRACE");
                // Every error is logged, as a service does; nobody would read a million of them.
                command.stdout(Stdio::piped()).stderr(Stdio::null());
                command
            }
            Program::Service(name) => {
                let path = this.with_file_name(name);
                if !path.exists() {
                    return Err(Error::NotBuilt(name.to_owned()));
                }
                let mut command = Command::new(path);
                command.env("PORT", "0").env("RUST_LOG", "info").stderr(Stdio::piped());
                command
            }
        };
        command.envs(environment.iter().copied()).stdin(Stdio::piped()).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = affinity::on(cores, || command.spawn())??;
        let address = match (child.stdout.take(), child.stderr.take()) {
            (Some(said), _) => address_in(said, str::to_owned).await?,
            (None, Some(log)) => address_in(log, address_of).await?,
            (None, None) => return Err(Error::Child(String::new())),
        };
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
    pub(crate) async fn report(&mut self, line: &str) -> Result<(), Error> {
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

    /// Waits for its end, which is one in order.
    pub(crate) async fn ended(&mut self) -> Result<(), Error> {
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(Error::Ended(status)) }
    }

    /// CPU time used until now, by all threads and by those of the server alone.
    pub(crate) fn processor_time(&self) -> [Duration; 2] {
        ["", "actix"].map(|name| self.time_of(name))
    }

    /// CPU time that the threads with `name` in their names have used until now.
    pub(crate) fn time_of(&self, name: &str) -> Duration {
        let tasks = self.child.id().and_then(|id| std::fs::read_dir(format!("/proc/{id}/task")).ok());
        let times = tasks.into_iter().flatten().filter_map(|task| {
            let task = task.ok()?.path();
            let own = std::fs::read_to_string(task.join("comm")).ok()?;
            // The first number: nanoseconds on a processor.
            let stat = std::fs::read_to_string(task.join("schedstat")).ok()?;
            let time = stat.split(' ').next()?.parse().ok()?;
            own.contains(name).then(|| Duration::from_nanos(time))
        });
        times.sum()
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

/// Reads until a line says where the child listens; what it says then is thrown away, so that it can go on.
async fn address_in(
    output: impl AsyncRead + Unpin + Send + 'static,
    address: fn(&str) -> String,
) -> Result<SocketAddr, Error> {
    let (mut lines, mut said) = (BufReader::new(output).lines(), String::new());
    while let Some(line) = lines.next_line().await? {
        if let Ok(address) = address(&line).parse() {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
        said += &line;
    }
    Err(Error::Child(said))
}

/// In a line of a service's log.
fn address_of(line: &str) -> String {
    let (_, rest) = line.split_once("address").filter(|_| line.contains(" listens")).unwrap_or_default();
    let rest = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
    rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect()
}

/// Reports the parent where this child listens.
pub(crate) fn tell_address(address: SocketAddr) {
    let mut output = std::io::stdout();
    // A parent that is gone will not ask.
    let _ = writeln!(output, "{address}").and_then(|()| output.flush());
}

//! The subcommand `healthcheck`: a server's own binary asks the server how it is. Images without shell and curl need it.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     healthcheck::asked("shop", &PORT).unwrap_or_else(shop)
//! }
//! static PORT: variable::Variable = healthcheck::port("8080");
//! # fn shop() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
//! ```

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use variable::{Allowed, Invalid, Shown, Variable};

/// How long the whole question may take: less than the 3 s that the images give it, so that the reason is reported.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A `sentry-trace` that is not sampled: a look at how a service is makes no transaction. One every five seconds would be
/// 17,280 a day.
pub const UNSAMPLED: &str = "d6f2d9f0c3a14d6e9a4b5c7f8e1a2b3c-a1b2c3d4e5f60718-0";

/// Longest first line of an answer.
const MOST: usize = 1024;

/// Where a server listens.
pub static HOST: Variable = Variable {
    name: "HOST",
    about: "the address to listen on; images set `0.0.0.0`",
    default: Some("127.0.0.1"),
    allowed: Allowed::Text("an IP address"),
    shown: Shown::Whole,
};

/// The declaration of `PORT` for a program with that default.
pub const fn port(default: &'static str) -> Variable {
    Variable {
        name: "PORT",
        about: "the port to listen on; 0 takes a free one, and the log says which",
        default: Some(default),
        allowed: Allowed::Number { what: "a port", min: 0.0, max: 65_535.0, zero: None },
        shown: Shown::Whole,
    }
}

/// Why a server is not healthy.
#[derive(Debug, thiserror::Error)]
enum Unhealthy {
    #[error(transparent)]
    Setting(#[from] Invalid),
    #[error("no answer to GET /health ({0})")]
    NoAnswer(std::io::Error),
    #[error("GET /health answered {:?}", .0.chars().take(80).collect::<String>())]
    Answer(String),
}

/// Carries out the command line, if it has anything on it; `None` if the program is to serve.
///
/// `healthcheck` asks the server at [`HOST`] and `port`, as the server reads them, for `/health`: status 0 for an answer
/// of 200, else 1, with one line that says why. Anything else is refused with status 2.
pub fn asked(program: &str, port: &Variable) -> Option<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => None,
        [command] if command == "healthcheck" => Some(report(program, port)),
        _ => {
            eprintln!("usage: {program} [healthcheck]; everything else is set by the environment");
            Some(ExitCode::from(2))
        }
    }
}

fn report(program: &str, port: &Variable) -> ExitCode {
    let address = match address(port) {
        Ok(address) => address,
        Err(unhealthy) => {
            eprintln!("{program}: {unhealthy}");
            return ExitCode::FAILURE;
        }
    };
    match ask(address) {
        Ok(()) => {
            eprintln!("{program}: healthy at {address}");
            ExitCode::SUCCESS
        }
        Err(unhealthy) => {
            eprintln!("{program}: unhealthy at {address}: {unhealthy}");
            ExitCode::FAILURE
        }
    }
}

/// Where the server can be reached from its own machine.
fn address(port: &Variable) -> Result<SocketAddr, Unhealthy> {
    let host: IpAddr = HOST.parsed()?;
    let number: u16 = port.parsed()?;
    if number == 0 {
        let allowed = "a port from 1 to 65535; which one the server took for 0 is not known".to_owned();
        return Err(Invalid { name: port.name, value: Some("0".to_owned()), allowed }.into());
    }
    let host = match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    Ok(SocketAddr::new(host, number))
}

fn ask(address: SocketAddr) -> Result<(), Unhealthy> {
    let answer = answer(address).map_err(Unhealthy::NoAnswer)?;
    let line = answer.lines().next().unwrap_or_default();
    match line.split(' ').collect::<Vec<_>>().as_slice() {
        [version, "200", ..] if version.starts_with("HTTP/1.") => Ok(()),
        _ => Err(Unhealthy::Answer(line.to_owned())),
    }
}

fn answer(address: SocketAddr) -> std::io::Result<String> {
    let deadline = Instant::now() + TIMEOUT;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // In one piece: a server that closes early would otherwise cut off the rest, and its answer with it.
    let head = format!("Host: {address}\r\nsentry-trace: {UNSAMPLED}\r\nConnection: close");
    stream.write_all(format!("GET /health HTTP/1.1\r\n{head}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    // Its first line is all that is needed; a server that drips it must not hold the check forever.
    while answer.len() < MOST && !answer.contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        stream.set_read_timeout(Some(left))?;
        let mut part = [0; 512];
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            // The error of a read whose time is over; the system's own text does not say so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(late()),
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn late() -> std::io::Error {
    std::io::Error::new(ErrorKind::TimedOut, format!("within {} s", TIMEOUT.as_secs()))
}

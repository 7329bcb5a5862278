//! The subcommand `healthcheck`: a server's own binary asks the server how it is. Images without shell and curl need it.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     healthcheck::asked("shop", 8080).unwrap_or_else(shop)
//! }
//! # fn shop() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
//! ```

use std::env::VarError;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How long the whole question may take: less than the 3 s that the images give it, so that the reason is reported.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Longest first line of an answer.
const MOST: usize = 1024;

/// Why a server is not healthy.
#[derive(Debug)]
enum Unhealthy {
    Setting { name: &'static str, value: String, allowed: &'static str },
    NoAnswer(std::io::Error),
    Answer(String),
}

impl std::fmt::Display for Unhealthy {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting { name, value, allowed } => {
                write!(out, "{name}={} is not valid: {allowed}", shown(value))
            }
            Self::NoAnswer(error) => write!(out, "no answer to GET /health ({error})"),
            Self::Answer(line) => {
                write!(out, "GET /health answered {:?}", line.chars().take(80).collect::<String>())
            }
        }
    }
}

/// Carries out the command line, if it has anything on it; `None` where the program is to serve.
///
/// `healthcheck` asks the server at `HOST` and `PORT` (or `port`), as the server reads them, for `/health`: status 0 for
/// an answer of 200, else 1, with one line that says why. Anything else is refused with status 2.
pub fn asked(program: &str, port: u16) -> Option<ExitCode> {
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

/// A variable's value as an error shows it: whole where it is short and plain, as an address or a number is; anything
/// else may be a URL with a password in it.
pub fn shown(value: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    if value.len() <= 64 && value.bytes().all(plain) { value } else { "[hidden]" }
}

fn report(program: &str, port: u16) -> ExitCode {
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
fn address(port: u16) -> Result<SocketAddr, Unhealthy> {
    let host = setting("HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), "an IP address")?;
    let port = setting("PORT", port, "a port from 1 to 65535")?;
    if port == 0 {
        let allowed = "a port from 1 to 65535; which one the server took for 0 is not known";
        return Err(Unhealthy::Setting { name: "PORT", value: "0".to_owned(), allowed });
    }
    let host = match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    Ok(SocketAddr::new(host, port))
}

fn setting<T: FromStr>(name: &'static str, default: T, allowed: &'static str) -> Result<T, Unhealthy> {
    match std::env::var(name) {
        Err(VarError::NotPresent) => Ok(default),
        Ok(value) if value.is_empty() => Ok(default),
        Ok(value) => value.parse().map_err(|_| Unhealthy::Setting { name, value, allowed }),
        Err(VarError::NotUnicode(value)) => {
            Err(Unhealthy::Setting { name, value: value.to_string_lossy().into_owned(), allowed })
        }
    }
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
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // Its first line is all that is needed; a server that drips it must not hold the check for ever.
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

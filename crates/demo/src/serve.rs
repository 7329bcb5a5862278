//! `demo serve NAME`: the process in which one service runs.

use std::io::{self, Read};
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::services::Service;

/// How long a service may take to end after its parent is gone: it drains for at most 5 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(8);

/// Runs the service until it ends by itself, by a signal, or because its parent has gone.
pub fn serve(service: &Service) -> ExitCode {
    // Without this thread the service would only outlive a killed parent.
    let _ = thread::Builder::new().name("parent-watch".to_owned()).spawn(end_with_parent);
    (service.main)()
}

/// The parent holds the other end of stdin: however it dies, even by SIGKILL, that end closes.
fn end_with_parent() {
    let mut nothing = [0; 64];
    loop {
        match io::stdin().read(&mut nothing) {
            Ok(0) => break,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
            _ => {}
        }
    }
    let _ = kill(Pid::this(), Signal::SIGTERM);
    thread::sleep(DRAIN_LIMIT);
    process::exit(1);
}

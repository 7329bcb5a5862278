//! What is said on the terminal. A reader that has gone (`demo | head`) is no reason to fail.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// Exit status when a command could not do what was asked, as clap's for usage errors.
pub const COULD_NOT_RUN: u8 = 2;

/// Prints text to stdout, with a line end.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints text to stderr, with a line end.
pub fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says why a command cannot run.
pub fn refuse(reason: &str) -> ExitCode {
    warn(&format!("demo: {reason}"));
    ExitCode::from(COULD_NOT_RUN)
}

/// One line on stderr that is overwritten while work goes on; nothing where stderr is no terminal.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Starts with an empty line.
    pub fn start() -> Self {
        Self { shown: io::stderr().is_terminal() }
    }

    /// Replaces the line.
    pub fn show(&self, text: &str) {
        if self.shown {
            // Carriage return, erase to the end of the line.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

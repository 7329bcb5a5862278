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

/// One line on stderr that is overwritten while work goes on; where stderr is no terminal, few plain lines.
#[derive(Debug)]
pub struct Progress {
    overwrites: bool,
}

impl Progress {
    /// Starts with an empty line.
    pub fn start() -> Self {
        Self { overwrites: io::stderr().is_terminal() }
    }

    /// Says a step that counts also in a log.
    pub fn note(&self, text: &str) {
        if self.overwrites { self.show(text) } else { warn(text) }
    }

    /// Replaces the line; nothing in a log.
    pub fn show(&self, text: &str) {
        if self.overwrites {
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

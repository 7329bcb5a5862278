//! Output on the terminal. A reader that is gone (`demo | head`) is not a reason to fail.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

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

/// How far a command is: one line on stderr that is overwritten while work goes on; where stderr is no terminal, few plain
/// lines. Or whatever a listener makes of it.
pub struct Progress {
    to: Out,
}

enum Out {
    Terminal { overwrites: bool },
    Listener(Box<dyn Fn(Step) + Send + Sync>),
}

/// What a command is about to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// In words.
    pub text: String,
    /// How many of how many are done, where that is known.
    pub done: Option<(usize, usize)>,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match &self.to {
            Out::Terminal { overwrites } => format!("a terminal, overwrites: {overwrites}"),
            Out::Listener(_) => "a listener".to_owned(),
        };
        f.debug_tuple("Progress").field(&to).finish()
    }
}

impl Progress {
    /// Starts with an empty line.
    pub fn start() -> Self {
        Self { to: Out::Terminal { overwrites: io::stderr().is_terminal() } }
    }

    /// Leaves each step to a listener.
    pub fn listen(listener: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self { to: Out::Listener(Box::new(listener)) }
    }

    /// Says a step that counts also in a log.
    pub fn note(&self, text: &str) {
        match &self.to {
            Out::Terminal { overwrites: false } => warn(text),
            _ => self.show(text),
        }
    }

    /// Replaces the line; nothing in a log.
    pub fn show(&self, text: &str) {
        self.step(text, None);
    }

    /// The same for one of several.
    pub fn count(&self, done: usize, of: usize, text: &str) {
        self.step(text, Some((done, of)));
    }

    fn step(&self, text: &str, done: Option<(usize, usize)>) {
        match &self.to {
            Out::Terminal { overwrites: false } => {}
            Out::Terminal { overwrites: true } => {
                let count = done.map(|(done, of)| format!("{done}/{of} ")).unwrap_or_default();
                // Carriage return, erase to the end of the line.
                let _ = write!(io::stderr(), "\r\x1b[K{count}{text}");
                let _ = io::stderr().flush();
            }
            Out::Listener(listener) => listener(Step { text: text.to_owned(), done }),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

//! `demo`: see the library for what it does.

use std::process::ExitCode;

use demo::cli::{Cli, Command, ServeOptions};
use demo::generated::{self, File, FileError};
use demo::{check, fingerprint, page, release, serve, table, terminal, traffic, up, variables};

fn main() -> ExitCode {
    // As the inbox, whose place it takes in an image.
    if std::env::args().nth(1).is_some_and(|word| word == "healthcheck")
        && let Some(status) = healthcheck::asked("demo", &inbox::variables::PORT)
    {
        return status;
    }
    let cli = Cli::from_arguments();
    match cli.command {
        // Before any runtime: a service builds its own, and its Sentry client must exist first.
        Some(Command::Serve(ServeOptions { service: Some(service), .. })) => serve::serve(service),
        Some(Command::Serve(options)) => block_on(page::serve(options.url)),
        Some(Command::Traffic(options)) => block_on(traffic::command::main(options)),
        Some(Command::Release(options)) => block_on(release::main(options)),
        Some(Command::Check(options)) => block_on(check::command::main(options)),
        Some(Command::Fingerprint(options)) => fingerprint::main(&options),
        Some(Command::Table) => write(table::files(&generated::root())),
        Some(Command::Variables) => write(variables::files(&generated::root())),
        None => block_on(up::main(cli.up)),
    }
}

/// Writes documents, and names those that were stale.
fn write(files: Result<Vec<File>, FileError>) -> ExitCode {
    match files.and_then(|files| generated::write(&generated::root(), files)) {
        Ok(written) => {
            written.iter().for_each(|path| terminal::say(&format!("written: {path}")));
            ExitCode::SUCCESS
        }
        Err(error) => terminal::refuse(&error.to_string()),
    }
}

fn block_on(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => terminal::refuse(&format!("no runtime: {error}")),
    }
}

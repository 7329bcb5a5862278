//! A failed command, with the message of the server that rejected it, or of the driver that reached no server.

use std::time::Duration;

use mongodb::error::{Error, ErrorKind, WriteFailure};

use sentry_context::report::Reportable;
use sentry_context::{Facts, facts};

/// The server's code for a key that exists already.
const DUPLICATE_KEY: i32 = 11_000;

/// A failed database operation.
///
/// Its type is `MongoServerError` if the server answered with an error, `MongoConnectionError` if no server was reached,
/// and `MongoDriverError` if the driver itself refused.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.description())]
pub struct DatabaseError {
    operation: &'static str,
    collection: &'static str,
    #[source]
    cause: Cause,
}

/// The driver's error, without the bytes and addresses that differ from call to call.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("no MONGODB_URL is configured")]
    Unconfigured,
    #[error("no server is reached, and the driver is looking for one")]
    Down,
    #[error("no answer within {} s", .0.as_secs_f64())]
    Silence(Duration),
    #[error("{message}")]
    CommandError { code: i32, code_name: String, message: String },
    #[error("{message}")]
    WriteError { code: i32, code_name: String, message: String },
    #[error("{0}")]
    AuthenticationError(String),
    #[error("{0}")]
    ServerSelectionTimeout(String),
    #[error("{0}")]
    NetworkError(String),
    #[error("{0}")]
    DriverError(String),
}

impl DatabaseError {
    /// The failure of an operation (`findOne`, `aggregate` …) on a collection.
    pub fn new(operation: &'static str, collection: &'static str, source: Error) -> Self {
        Self { operation, collection, cause: Cause::from(&source) }
    }

    pub(super) fn unconfigured(collection: &'static str) -> Self {
        Self { operation: "connect", collection, cause: Cause::Unconfigured }
    }

    /// An operation that was not begun because no server is reachable.
    pub fn down(operation: &'static str, collection: &'static str) -> Self {
        Self { operation, collection, cause: Cause::Down }
    }

    pub(super) fn silent(operation: &'static str, collection: &'static str, limit: Duration) -> Self {
        Self { operation, collection, cause: Cause::Silence(limit) }
    }

    /// The server's code; `None` if no server answered.
    pub fn code(&self) -> Option<i32> {
        match &self.cause {
            Cause::CommandError { code, .. } | Cause::WriteError { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Does a document with that key exist already?
    pub fn is_duplicate_key(&self) -> bool {
        self.code() == Some(DUPLICATE_KEY)
    }

    /// Did the operation's connection break? That says nothing about other connections.
    pub(super) fn is_broken_connection(&self) -> bool {
        matches!(self.cause, Cause::NetworkError(_))
    }

    /// Was no server reached?
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self.cause,
            Cause::Unconfigured
                | Cause::Down
                | Cause::Silence(_)
                | Cause::ServerSelectionTimeout(_)
                | Cause::NetworkError(_)
        )
    }

    /// May the server have carried out the operation, or do so yet? It was sent, but no answer arrived.
    pub fn may_be_done(&self) -> bool {
        matches!(self.cause, Cause::Silence(_) | Cause::NetworkError(_))
    }

    fn description(&self) -> String {
        let Self { operation, collection, cause } = self;
        match self.code() {
            Some(code) => {
                format!("MongoDB rejected `{operation}` on `{collection}` with code {code}: {cause}")
            }
            None if self.is_unreachable() => {
                format!("no MongoDB server was reached for `{operation}` on `{collection}`")
            }
            None => format!("`{operation}` on `{collection}` failed: {cause}"),
        }
    }

    fn code_name(&self) -> &str {
        match &self.cause {
            Cause::CommandError { code_name, .. } | Cause::WriteError { code_name, .. } => code_name,
            _ => "",
        }
    }
}

impl Reportable for DatabaseError {
    fn type_name(&self) -> &'static str {
        match self.cause {
            _ if self.is_unreachable() => "MongoConnectionError",
            Cause::DriverError(_) => "MongoDriverError",
            _ => "MongoServerError",
        }
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        let code = self.code().map_or_else(|| "unreachable".to_owned(), |code| code.to_string());
        vec![(
            "db.code",
            if self.code().is_none() && !self.is_unreachable() { "none".to_owned() } else { code },
        )]
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let mut context = facts([
            ("operation", self.operation.into()),
            ("collection", self.collection.into()),
            ("reason", self.cause.to_string().into()),
        ]);
        if let Some(code) = self.code() {
            context.extend(facts([("code", code.into()), ("code_name", self.code_name().into())]));
        }
        Some(("database_error", context))
    }
}

impl From<&Error> for Cause {
    fn from(error: &Error) -> Self {
        match error.kind.as_ref() {
            ErrorKind::Command(command) => Self::CommandError {
                code: command.code,
                code_name: command.code_name.clone(),
                message: command.message.clone(),
            },
            ErrorKind::Write(WriteFailure::WriteError(write)) => Self::WriteError {
                code: write.code,
                code_name: write.code_name.clone().unwrap_or_default(),
                message: write.message.clone(),
            },
            ErrorKind::InsertMany(many) => match many.write_errors.iter().flatten().next() {
                Some(write) => Self::WriteError {
                    code: write.code,
                    code_name: write.code_name.clone().unwrap_or_default(),
                    message: write.message.clone(),
                },
                None => Self::DriverError(sentence(error)),
            },
            ErrorKind::Authentication { .. } => Self::AuthenticationError(sentence(error)),
            ErrorKind::ServerSelection { .. } => Self::ServerSelectionTimeout(sentence(error)),
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::DnsResolve { .. } => {
                Self::NetworkError(sentence(error))
            }
            _ => Self::DriverError(sentence(error)),
        }
    }
}

/// The driver's message without the state of its topology, which differs from call to call.
pub(super) fn sentence(error: &Error) -> String {
    let text = error.kind.to_string();
    let end = text.find(" Topology:").or_else(|| text.find(", labels:")).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ' ']).to_owned()
}

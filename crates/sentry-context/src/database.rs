//! MongoDB whose commands are spans and breadcrumbs of the request that sent them, and whose failures are told in
//! full. Behind the cargo feature `mongodb`.
//!
//! ```no_run
//! # use sentry_context::database::{Database, DatabaseError, mongodb::bson::{Document, doc}};
//! # use sentry_context::report::Traced;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::connect(Some("mongodb://127.0.0.1")).await?;
//! # async fn count(database: Database) -> Result<u64, Traced<DatabaseError>> {
//! let games = database.collection::<Document>("games")?;
//! Ok(database.run("count", "games", games.count_documents(doc! {})).await?)
//! # } Ok(()) }
//! ```

mod commands;
mod error;
mod state;

use std::future::IntoFuture;
use std::time::Duration;

use mongodb::options::ClientOptions;
use tokio::time::timeout;

pub use error::DatabaseError;
pub use mongodb;
pub use state::State;

use state::Watched;

/// The database, unless the URL names another.
const NAME: &str = "sentry_poc";

/// How long a command may look for a server, and a connection for its handshake. The driver's own 30 s are longer than
/// any caller waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a command may take, with all of that: a server that is frozen takes commands and never answers.
const LIMIT: Duration = Duration::from_millis(2_500);

/// How often the driver looks for its servers; its own 10 s leave a frozen one unnoticed for as long.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// `IndexOptionsConflict` and `IndexKeySpecsConflict`, the server's codes for an index that exists with other options.
const OTHER_OPTIONS: [i32; 2] = [85, 86];

/// A URL that the driver does not take.
#[derive(Debug, thiserror::Error)]
#[error("MONGODB_URL={url}: must be a URL such as mongodb://127.0.0.1:27017 ({reason})")]
pub struct BadUrl {
    /// The URL without its password.
    url: String,
    reason: String,
}

/// A database that may be there or not; commands tell.
#[derive(Debug, Clone)]
pub struct Database {
    database: Option<mongodb::Database>,
    watched: Watched,
}

impl Database {
    /// Makes a client for the URL; without one, every use is a [`DatabaseError`]. Waits for no server.
    pub async fn connect(url: Option<&str>) -> Result<Self, BadUrl> {
        let Some(url) = url else { return Ok(Self { database: None, watched: Watched::new(State::Down) }) };
        crate::redaction::hide_password_of(url);
        let bad = |error: mongodb::error::Error| BadUrl {
            url: crate::redaction::dsn(url),
            reason: error::sentence(&error),
        };
        let watched = Watched::new(State::Connecting);
        let mut options = ClientOptions::parse(url).await.map_err(bad)?;
        options.server_selection_timeout.get_or_insert(PATIENCE);
        options.connect_timeout.get_or_insert(PATIENCE);
        options.heartbeat_freq.get_or_insert(HEARTBEAT);
        options.command_event_handler = Some(commands::handler());
        options.sdam_event_handler = Some(watched.handler());
        let name = options.default_database.clone().unwrap_or_else(|| NAME.to_owned());
        let client = mongodb::Client::with_options(options).map_err(bad)?;
        Ok(Self { database: Some(client.database(&name)), watched })
    }

    /// A collection. Fails where no URL was given.
    pub fn collection<T: Send + Sync>(
        &self,
        name: &'static str,
    ) -> Result<mongodb::Collection<T>, DatabaseError> {
        match &self.database {
            Some(database) => Ok(database.collection(name)),
            None => Err(DatabaseError::unconfigured(name)),
        }
    }

    /// Runs an operation (`findOne`, `aggregate` …) on a collection, for 2.5 s at most.
    pub async fn run<T>(
        &self,
        operation: &'static str,
        collection: &'static str,
        work: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, DatabaseError> {
        self.run_within(LIMIT, operation, collection, work).await
    }

    /// Runs an operation that may take longer, or less long.
    pub async fn run_within<T>(
        &self,
        limit: Duration,
        operation: &'static str,
        collection: &'static str,
        work: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, DatabaseError> {
        let done = match timeout(limit, work.into_future()).await {
            Ok(done) => done.map_err(|source| DatabaseError::new(operation, collection, source)),
            Err(_) => Err(DatabaseError::silent(operation, collection, limit)),
        };
        self.watched.set(match &done {
            Err(error) if error.is_unreachable() => State::Down,
            _ => State::Up,
        });
        done
    }

    /// Makes an index, unless there is one. One on the same keys with other options, as another program may have made
    /// it, serves as well.
    pub async fn ensure_index(
        &self,
        collection: &'static str,
        keys: mongodb::bson::Document,
    ) -> Result<(), DatabaseError> {
        let index = mongodb::IndexModel::builder().keys(keys).build();
        let documents = self.collection::<mongodb::bson::Document>(collection)?;
        match self.run("createIndexes", collection, documents.create_index(index)).await {
            Err(error) if !error.code().is_some_and(|code| OTHER_OPTIONS.contains(&code)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Is a server there, as far as is known without asking? The driver looks every 2 s, and every command tells.
    pub fn state(&self) -> State {
        self.watched.get()
    }
}

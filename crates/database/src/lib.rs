//! MongoDB for a service that reports to Sentry: each command is a span and a breadcrumb of the request that sent it,
//! and each failure is reported in full.
//!
//! - [`Database`]: a client that may or may not reach a server; every operation has a time limit
//! - [`DatabaseError`]: what failed, in the words of the server or the driver, ready to be reported
//! - [`State`]: whether a server answers, known without asking it
//!
//! ```no_run
//! # use database::{Database, DatabaseError, mongodb::bson::{Document, doc}};
//! # use sentry_context::report::Traced;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::connect(Some("mongodb://127.0.0.1"), "shop").await?;
//! # async fn count(database: Database) -> Result<u64, Traced<DatabaseError>> {
//! let orders = database.collection::<Document>("orders")?;
//! Ok(database.run("count", "orders", orders.count_documents(doc! {})).await?)
//! # } Ok(()) }
//! ```

mod commands;
mod error;
mod state;

use std::future::IntoFuture;
use std::time::Duration;

use mongodb::options::ClientOptions;
use tokio::time::{Instant, timeout};

pub use error::DatabaseError;
pub use mongodb;
pub use state::State;

use sentry_context::env::{Allowed, EnvError, Shown, Variable};
use sentry_context::redaction;
use state::Watched;

/// Where the database is. A service reads it for [`Database::connect`], and the errors name it.
pub static URL: Variable = Variable {
    name: "MONGODB_URL",
    about: "the database; without one the service serves, and what needs the database says so; a database in the URL is where its user is known",
    default: None,
    allowed: Allowed::Text("a URL such as mongodb://127.0.0.1:27017"),
    shown: Shown::Address,
};

/// How long a command may look for a server, and how long a handshake may take. No caller waits for the driver's own
/// 30 s. `serverSelectionTimeoutMS` in the URL sets another time.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much longer than this look a command may take in all. A frozen server takes commands and never answers.
const ANSWER: Duration = Duration::from_millis(500);

/// How often an operation that may be done twice is tried. An idle connection may have been cut silently, and the next
/// one as well.
const ATTEMPTS: u32 = 3;

/// Which part of the time of all attempts the first may take. A connection that was cut may never answer.
const FIRST_PART: u32 = 2;

/// How often the driver checks its servers. With its own 10 s, a frozen server would go unnoticed for that long.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long a pooled connection may be idle. Firewalls and proxies drop silent connections, most after minutes.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// `IndexOptionsConflict` and `IndexKeySpecsConflict`, the server's codes for an index that exists with other options.
const OTHER_OPTIONS: [i32; 2] = [85, 86];

/// A URL that the driver does not accept.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BadUrl(#[from] EnvError);

/// A database that may or may not be reachable.
#[derive(Debug, Clone)]
pub struct Database {
    database: Option<mongodb::Database>,
    /// How long a command may take.
    limit: Duration,
    watched: Watched,
}

impl Database {
    /// Makes a client for the database of that name, without waiting for a server. A database in the URL is only where
    /// its user is known. Without a URL, every operation fails with a [`DatabaseError`].
    pub async fn connect(url: Option<&str>, name: &str) -> Result<Self, BadUrl> {
        let Some(url) = url else {
            let watched = Watched::new(State::Down);
            return Ok(Self { database: None, limit: PATIENCE + ANSWER, watched });
        };
        redaction::hide_password_of(url);
        let bad =
            |error: mongodb::error::Error| BadUrl(EnvError::refused_url(&URL, url, &error::sentence(&error)));
        let watched = Watched::new(State::Connecting);
        let mut options = ClientOptions::parse(url).await.map_err(bad)?;
        let limit = *options.server_selection_timeout.get_or_insert(PATIENCE) + ANSWER;
        options.connect_timeout.get_or_insert(PATIENCE);
        options.heartbeat_freq.get_or_insert(HEARTBEAT);
        options.max_idle_time.get_or_insert(IDLE_LIMIT);
        options.command_event_handler = Some(commands::handler());
        options.sdam_event_handler = Some(watched.handler());
        let client = mongodb::Client::with_options(options).map_err(bad)?;
        Ok(Self { database: Some(client.database(name)), limit, watched })
    }

    /// Was a URL given?
    pub fn is_configured(&self) -> bool {
        self.database.is_some()
    }

    /// A collection. Fails if no URL was given.
    pub fn collection<T: Send + Sync>(
        &self,
        name: &'static str,
    ) -> Result<mongodb::Collection<T>, DatabaseError> {
        match &self.database {
            Some(database) => Ok(database.collection(name)),
            None => Err(DatabaseError::unconfigured(name)),
        }
    }

    /// Runs an operation (`findOne`, `aggregate` …) on a collection, for at most 2.5 s, or half a second longer than the
    /// URL's `serverSelectionTimeoutMS`. The driver itself retries reads, but no writes on a server without replicas; for
    /// those, see [`run_idempotent`](Self::run_idempotent).
    pub async fn run<T>(
        &self,
        operation: &'static str,
        collection: &'static str,
        work: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, DatabaseError> {
        self.run_within(self.limit, operation, collection, work).await
    }

    /// Runs an operation within another time limit.
    pub async fn run_within<T>(
        &self,
        limit: Duration,
        operation: &'static str,
        collection: &'static str,
        work: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, DatabaseError> {
        let done = within(limit, operation, collection, work).await;
        match &done {
            // One broken connection says nothing about the next.
            Err(error) if error.is_broken_connection() => {}
            _ => self.watch(&done),
        }
        done
    }

    /// Runs an operation that may be done twice, such as an insert with an id of the caller's, for as long as [`run`](Self::run) in
    /// all.
    /// If its connection breaks or stays silent, `work` is called again on another connection. A repeated insert fails
    /// with a [duplicate key](DatabaseError::is_duplicate_key) if the first one was done.
    pub async fn run_idempotent<T, Work>(
        &self,
        operation: &'static str,
        collection: &'static str,
        work: impl Fn() -> Work,
    ) -> Result<T, DatabaseError>
    where
        Work: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        let end = Instant::now() + self.limit;
        let mut done = within(self.limit / FIRST_PART, operation, collection, work()).await;
        for _ in 1..ATTEMPTS {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !done.as_ref().is_err_and(DatabaseError::may_be_done) {
                break;
            }
            match within(left, operation, collection, work()).await {
                // This attempt did nothing, but an earlier one may have.
                Err(error) if error.is_unreachable() && !error.may_be_done() => break,
                next => done = next,
            }
        }
        self.watch(&done);
        done
    }

    fn watch<T>(&self, done: &Result<T, DatabaseError>) {
        self.watched.set(match done {
            Err(error) if error.is_unreachable() => State::Down,
            _ => State::Up,
        });
    }

    /// Makes an index unless it exists. An index on the same keys with other options, as another program may have made
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

    /// Does a server answer, as far as is known without asking? The driver checks every 2 s, and each command shows.
    pub fn state(&self) -> State {
        self.watched.get()
    }
}

async fn within<T>(
    limit: Duration,
    operation: &'static str,
    collection: &'static str,
    work: impl IntoFuture<Output = mongodb::error::Result<T>>,
) -> Result<T, DatabaseError> {
    match timeout(limit, work.into_future()).await {
        Ok(done) => done.map_err(|source| DatabaseError::new(operation, collection, source)),
        Err(_) => Err(DatabaseError::silent(operation, collection, limit)),
    }
}

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

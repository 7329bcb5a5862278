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
//! let failed = |source| DatabaseError::new("count", "games", source);
//! Ok(games.count_documents(doc! {}).await.map_err(failed)?)
//! # } Ok(()) }
//! ```

mod commands;
mod error;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::ClientOptions;

pub use error::DatabaseError;
pub use mongodb;

/// The database, unless the URL names another.
const NAME: &str = "sentry_poc";

/// How long a command may look for a server, and a connection for its handshake. The driver's own 30 s are longer than
/// any caller waits.
const PATIENCE: Duration = Duration::from_secs(2);

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
    up: Arc<AtomicBool>,
}

impl Database {
    /// Makes a client for the URL; without one, every use is a [`DatabaseError`]. Waits for no server.
    pub async fn connect(url: Option<&str>) -> Result<Self, BadUrl> {
        let up = Arc::new(AtomicBool::new(false));
        let Some(url) = url else { return Ok(Self { database: None, up }) };
        let bad = |error: mongodb::error::Error| BadUrl {
            url: crate::redaction::dsn(url),
            reason: error::sentence(&error),
        };
        let mut options = ClientOptions::parse(url).await.map_err(bad)?;
        options.server_selection_timeout.get_or_insert(PATIENCE);
        options.connect_timeout.get_or_insert(PATIENCE);
        options.command_event_handler = Some(commands::handler());
        options.sdam_event_handler = Some(watch(Arc::clone(&up)));
        let name = options.default_database.clone().unwrap_or_else(|| NAME.to_owned());
        let client = mongodb::Client::with_options(options).map_err(bad)?;
        Ok(Self { database: Some(client.database(&name)), up })
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

    /// Was a server there when the driver looked last? It looks every 10 s, and whenever a command fails.
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }
}

/// The driver watches its servers anyway: its findings answer `/ready` without a wait.
fn watch(up: Arc<AtomicBool>) -> EventHandler<SdamEvent> {
    EventHandler::callback(move |event| {
        if let SdamEvent::TopologyDescriptionChanged(change) = event {
            up.store(change.new_description.has_readable_server(None), Relaxed);
        }
    })
}

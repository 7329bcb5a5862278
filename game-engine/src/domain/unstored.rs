//! Games that could not be stored when they were played. They wait in memory, and are stored once the database is there
//! again; those that find no place are lost, counted and reported.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use database::{Database, DatabaseError, State};
use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::{Hub, SentryFutureExt};
use sentry_context::{Facts, facts, limit, metrics};
use tokio::time::{Instant, sleep};

use super::played::Game;

/// Games that wait, at most: some megabytes, and minutes of an outage.
const CAPACITY: usize = 10_000;

/// Between two looks for the database.
const PAUSE: Duration = Duration::from_millis(200);

/// The kind of report.
const KIND: &str = "games.not_stored";

/// Stores games, now or later; clones share what waits.
#[derive(Debug, Clone)]
pub struct GameStore {
    database: Database,
    waiting: Arc<Mutex<VecDeque<Game>>>,
}

/// What became of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is stored.
    Now,
    /// It waits for the database.
    Later,
    /// It is not stored, and will not be.
    Never,
}

/// Games that were not stored when they were played.
#[derive(Debug, thiserror::Error)]
#[error("games were not stored when they were played")]
pub struct GamesNotStored {
    /// Since the report before this one.
    games: u64,
    waiting: usize,
    source: DatabaseError,
}

impl Reportable for GamesNotStored {
    fn type_name(&self) -> &'static str {
        "GamesNotStoredError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let facts = facts([
            ("games", self.games.into()),
            ("waiting", self.waiting.into()),
            ("capacity", CAPACITY.into()),
            ("why", self.source.to_string().into()),
        ]);
        Some(("games_not_stored", facts))
    }
}

impl GameStore {
    /// Begins to look after games that wait. Must be called in a `LocalSet` such as actix-web's.
    pub fn start(database: Database, hub: &Arc<Hub>) -> Self {
        let store = Self { database, waiting: Arc::default() };
        let hub = Arc::new(Hub::new_from_top(Arc::clone(hub)));
        tokio::task::spawn_local(store.clone().look_after().bind_hub(hub));
        store
    }

    /// How the database is.
    pub fn state(&self) -> State {
        self.database.state()
    }

    /// Stores a game, or has it wait. While no server is reached nobody waits for one; the driver goes on looking.
    pub async fn store(&self, game: Game) -> Stored {
        let failed = match self.state() {
            State::Down => DatabaseError::down("insert", "games"),
            _ => match game.store(&self.database).await {
                Ok(()) => return Stored::Now,
                Err(failed) => failed,
            },
        };
        let stored = if self.database.is_configured() && failed.is_unreachable() {
            self.keep(game)
        } else {
            Stored::Never
        };
        let outcome = if stored == Stored::Later { "later" } else { "never" };
        metrics::count("games.not_stored", &[("outcome", outcome)]);
        // Where none is configured nobody expects that games are stored.
        if self.database.is_configured() {
            self.report(1, failed);
        }
        stored
    }

    fn keep(&self, game: Game) -> Stored {
        let mut waiting = self.waiting();
        if waiting.len() >= CAPACITY {
            return Stored::Never;
        }
        waiting.push_back(game);
        Stored::Later
    }

    fn report(&self, more: u64, source: DatabaseError) {
        if let Some(games) = limit::due(KIND, more) {
            Traced::from(GamesNotStored { games, waiting: self.waiting().len(), source }).report();
        }
    }

    /// Stores what waits, forever.
    async fn look_after(self) {
        loop {
            sleep(PAUSE).await;
            if self.state() != State::Down {
                self.store_waiting().await;
            }
            // Those since the latest report, where no further one came to report them.
            self.report(0, DatabaseError::down("insert", "games"));
        }
    }

    /// In their order, until one cannot be stored; the others would fare no better.
    async fn store_waiting(&self) {
        while let Some(game) = self.first() {
            match game.store(&self.database).await {
                Err(failed) if failed.is_unreachable() => return,
                Err(failed) => {
                    // The server itself refuses: it would do so again.
                    metrics::count("games.not_stored", &[("outcome", "never")]);
                    self.report(1, failed);
                }
                Ok(()) => metrics::count("games.stored_later", &[]),
            }
            self.waiting().pop_front();
        }
    }

    fn first(&self) -> Option<Game> {
        self.waiting().front().cloned()
    }

    /// Waits until nothing waits, or for that long; how many games are lost.
    pub async fn finish(&self, limit: Duration) -> usize {
        let end = Instant::now() + limit;
        while !self.waiting().is_empty() && Instant::now() < end {
            sleep(PAUSE / 10).await;
        }
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Game>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

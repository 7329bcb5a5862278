//! The search in the rounds' remarks: no index helps it, so the server reads every document.

use std::time::{Duration, Instant};

use database::mongodb::Collection;
use database::mongodb::bson::{Document, doc};
use database::mongodb::error::{Error, ErrorKind};
use database::{Database, DatabaseError};
use futures_util::TryStreamExt;
use sentry_context::facts;
use sentry_context::report::Traced;
use sentry_context::step::Step;
use tokio::sync::Mutex;

/// A collection of its own, so that the business figures stay what they are.
const COLLECTION: &str = "debug_rounds";

/// How many documents there are to scan. Enough to be seen on a trace, and made within seconds.
pub const ROUNDS: u32 = 30_000;

/// Documents sent at once.
const BATCH: u32 = 1_000;

/// How long each command may take: the search is slow on purpose, and a server that makes documents for several
/// services at once is slow without. A server that is gone is noticed sooner: none is found to send them to.
const LIMIT: Duration = Duration::from_secs(20);

/// One round in so many is remarked upon.
const REMARKED: u32 = 100;

/// MongoDB's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// The rounds, made where they are missing.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Held while documents are made: callers that come meanwhile wait for them rather than make them, too.
    making: Mutex<()>,
}

/// What the search found.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// How long the server searched.
    pub duration: Duration,
    /// How many rounds it found.
    pub rounds: usize,
}

impl Rounds {
    /// Searches all remarks for disputed rounds.
    pub async fn disputed(&self, database: &Database) -> Result<Found, Traced<DatabaseError>> {
        let data =
            facts([("collection", COLLECTION.into()), ("documents", ROUNDS.into()), ("index", false.into())]);
        let _step = Step::begin("rounds", "searching the remarks of every round", data);
        let rounds = self.there(database).await?;
        let started = Instant::now();
        // The end of a text: an index on it would not help either.
        let disputed = doc! { "remark": { "$regex": "disputed$" } };
        let all = async { rounds.find(disputed).await?.try_collect::<Vec<_>>().await };
        let found = database.run_within(LIMIT, "find", COLLECTION, all).await?;
        Ok(Found { duration: started.elapsed(), rounds: found.len() })
    }

    /// The documents, which are made unless they are there. Their ids are numbers from 0, so that services that start
    /// at once, or a run that was broken off, never make more than [`ROUNDS`].
    async fn there(&self, database: &Database) -> Result<Collection<Document>, Traced<DatabaseError>> {
        let _rounds = Step::silent("function", "see that the rounds are there");
        let rounds = database.collection::<Document>(COLLECTION)?;
        let _making = self.making.lock().await;
        let there =
            database.run_within(LIMIT, "count", COLLECTION, rounds.estimated_document_count()).await?;
        if there >= u64::from(ROUNDS) {
            return Ok(rounds);
        }
        let _step =
            Step::begin("rounds", "making the rounds to search", facts([("documents", ROUNDS.into())]));
        for first in (0..ROUNDS).step_by(BATCH as usize) {
            let batch = (first..first + BATCH).map(round);
            let make =
                async { rounds.insert_many(batch).ordered(false).await.map(drop).or_else(unless_known) };
            database.run_within(LIMIT, "insertMany", COLLECTION, make).await?;
        }
        Ok(rounds)
    }
}

fn round(number: u32) -> Document {
    let remark =
        if number.is_multiple_of(REMARKED) { "the player says it is disputed" } else { "settled as usual" };
    let bet = f64::from(number % 50 + 1);
    doc! { "_id": i64::from(number), "user_id": format!("player-{}", number % 500), "bet": bet, "remark": remark }
}

/// A document that is there already is no failure.
fn unless_known(error: Error) -> Result<(), Error> {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(many)
            if many.write_concern_error.is_none()
                && many.write_errors.iter().flatten().all(|write| write.code == DUPLICATE_KEY) =>
        {
            Ok(())
        }
        _ => Err(error),
    }
}

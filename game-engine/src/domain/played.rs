//! A game that was played, as it is stored and published.

use std::time::{SystemTime, UNIX_EPOCH};

use database::mongodb::bson::oid::ObjectId;
use database::mongodb::bson::{Document, doc};
use database::{Database, DatabaseError};
use serde_json::{Map, Value, json};

use crate::domain::spin::Spin;

const GAMES: &str = "games";

/// A game that was played.
#[derive(Debug, Clone)]
pub struct Game {
    /// Made here, so that the message carries it whether the game could be stored or not.
    id: ObjectId,
    user_id: String,
    bet: f64,
    spin: Spin,
    /// Seconds since 1970.
    timestamp: f64,
}

impl Game {
    /// A game of now.
    pub fn new(user_id: String, bet: f64, spin: Spin) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { id: ObjectId::new(), user_id, bet, spin, timestamp: now.as_secs_f64() }
    }

    /// When it was played, seconds since 1970.
    pub fn timestamp(&self) -> f64 {
        self.timestamp
    }

    /// Stores it.
    pub async fn store(&self, database: &Database) -> Result<(), DatabaseError> {
        let games = database.collection::<Document>(GAMES)?;
        let Self { id, user_id, bet, spin, timestamp } = self;
        let game = doc! {
            "_id": id,
            "user_id": user_id,
            "bet": bet,
            "win": spin.win,
            "payout": spin.payout,
            "symbols": spin.symbols.to_vec(),
            "timestamp": timestamp,
        };
        // The second attempt may find that the first was done after all.
        match database.run_idempotent("insert", GAMES, || games.insert_one(&game)).await {
            Err(error) if !error.is_duplicate_key() => Err(error),
            _ => Ok(()),
        }
    }

    /// What is published.
    pub fn message(&self) -> Map<String, Value> {
        let Self { id, user_id, bet, spin, timestamp } = self;
        let data = json!({
            "_id": id.to_hex(),
            "user_id": user_id,
            "bet": bet,
            "win": spin.win,
            "payout": spin.payout,
            "symbols": spin.symbols,
            "timestamp": timestamp,
        });
        Map::from_iter([("data".to_owned(), data), ("timestamp".to_owned(), (*timestamp).into())])
    }
}

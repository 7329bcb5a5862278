//! Where balances are kept: in MongoDB, or in the memory of this process. Both are asked in the same words.

use broker::{Publisher, State};
use database::{BadUrl, Database};

use actix_web::HttpResponse;
use service::health;

use super::{Booked, Booking, Memory, book, replay};
use crate::error::Result;

/// The `MONGODB_URL` of a service that keeps its balances in memory.
const IN_MEMORY: &str = "memory:";

/// Balances, and how payments change them. Clones share them.
#[derive(Debug, Clone)]
pub enum Ledger {
    /// In a database, which may or may not be there.
    MongoDb(Database),
    /// In memory.
    Memory(Memory),
}

impl Ledger {
    /// The ledger of a URL, and the database that all else asks: none where balances are in memory.
    pub async fn connect(url: Option<&str>, name: &str) -> std::result::Result<(Self, Database), BadUrl> {
        if url == Some(IN_MEMORY) {
            return Ok((Self::Memory(Memory::default()), Database::connect(None, name).await?));
        }
        let database = Database::connect(url, name).await?;
        Ok((Self::MongoDb(database.clone()), database))
    }

    /// What an earlier call with this key did, if there was one.
    pub async fn replay(&self, publisher: &Publisher, booking: &Booking) -> Result<Option<Booked>> {
        match self {
            Self::MongoDb(database) => replay(database, publisher, booking).await,
            Self::Memory(memory) => Ok(memory.replay(booking)),
        }
    }

    /// Books a payment once, however often it is called.
    pub async fn book(&self, publisher: &Publisher, booking: &Booking) -> Result<Booked> {
        match self {
            Self::MongoDb(database) => book(database, publisher, booking).await,
            Self::Memory(memory) => memory.book(publisher, booking),
        }
    }

    /// The answer to `GET /ready`: payments need the ledger; messages wait for the broker.
    pub fn ready(&self, rabbitmq: State) -> HttpResponse {
        match self {
            Self::MongoDb(database) => health::ready_with(database.state(), rabbitmq),
            Self::Memory(_) => health::ready_in_memory(rabbitmq),
        }
    }
}

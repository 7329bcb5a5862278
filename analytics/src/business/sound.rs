//! Old documents have every shape: amounts that are texts or no numbers, times that are dates, texts or missing, users
//! that are null. What cannot be counted is left out, and reported once a minute; no document fails a route.

use database::Database;
use database::mongodb::bson::{self, Bson, DateTime, Document, doc};
use sentry_context::sentry::Level;
use sentry_context::{facts, limit, metrics, report, request};
use serde::de::DeserializeOwned;

use super::query::{Result, aggregate, ago, now};

/// Amounts beyond are none.
const MOST: f64 = 1e12;

/// The end of the year 9999, in seconds since 1970: there are no dates beyond.
const END_OF_TIME: f64 = 253_402_300_799.0;

/// The number of documents in a group.
const DOCUMENTS: &str = "documents";

/// Is that a number between? By the order of types in comparisons, nothing but a number can be; NaN is below all.
fn between(value: &str, min: impl Into<Bson>, max: impl Into<Bson>) -> Document {
    let (min, max): (Bson, Bson) = (min.into(), max.into());
    doc! { "$and": [{ "$gte": [value, min] }, { "$lte": [value, max] }] }
}

/// Is that an amount?
pub(super) fn is_amount(value: &str) -> Document {
    between(value, -MOST, MOST)
}

/// Can a game or a transaction be counted, as far as its bet and its payout are concerned?
pub(super) fn has_amounts() -> Document {
    doc! { "$and": [is_amount("$bet"), is_amount("$payout")] }
}

/// The time of a document as a date: from seconds, as games have it, or a date, as transactions do. Null for others.
fn at() -> Document {
    let end = DateTime::from_millis(END_OF_TIME as i64 * 1_000);
    let seconds = doc! { "$toDate": { "$multiply": ["$timestamp", 1_000.0] } };
    let date = doc! { "$cond": [between("$timestamp", DateTime::from_millis(0), end), "$timestamp", null] };
    doc! { "$cond": [between("$timestamp", 0.0, END_OF_TIME), seconds, date] }
}

/// Stages that leave the documents of so many seconds up to now, and those of whose time nothing is known. The first
/// finds them by an index on the time, whatever type that has.
pub(super) fn since(seconds: u32) -> Vec<Document> {
    let by_index = doc! { "$match": { "$or": [
        { "timestamp": { "$gte": now() - f64::from(seconds) } },
        { "timestamp": { "$gte": ago(seconds) } },
        { "timestamp": { "$type": ["string", "bool", "object", "array"] } },
        { "timestamp": null },
        { "timestamp": f64::NAN },
    ] } };
    let mut stages = vec![by_index];
    stages.extend(since_by_scan(seconds));
    stages
}

/// The same by looking at every document.
pub(super) fn since_by_scan(seconds: u32) -> Vec<Document> {
    let recent = doc! { "$or": [{ "at": { "$gte": ago(seconds) } }, { "at": null }] };
    vec![doc! { "$addFields": { "at": at() } }, doc! { "$match": recent }]
}

/// The day or hour of a document, as text.
pub(super) fn label(format: &str) -> Bson {
    doc! { "$dateToString": { "format": format, "date": "$at" } }.into()
}

/// The player, or nothing where that is no name.
pub(super) fn player() -> Bson {
    doc! { "$cond": [{ "$eq": [{ "$type": "$user_id" }, "string"] }, "$user_id", null] }.into()
}

/// The different players in a group, with those that are no names as one null.
pub(super) fn players() -> Document {
    doc! { "$addToSet": player() }
}

/// A stage that counts them.
pub(super) fn count_players() -> Document {
    let names = doc! { "$setDifference": ["$players", [null]] };
    doc! { "$addFields": { "unique_players": { "$size": names } } }
}

/// A stage that groups by a key what has a time and what `sound` says yes to; the others are a group without a key.
pub(super) fn group(sound: Document, key: impl Into<Bson>, mut figures: Document) -> Document {
    let sound = doc! { "$and": [{ "$gt": ["$at", null] }, sound] };
    figures.insert("_id", doc! { "$cond": [sound, key.into(), null] });
    figures.insert(DOCUMENTS, doc! { "$sum": 1 });
    doc! { "$group": figures }
}

/// The rows of an aggregation that ends in a [`group`]. What has no key is left out, and so is what nobody understands.
pub(super) async fn rows<T: DeserializeOwned>(
    database: &Database,
    name: &'static str,
    pipeline: Vec<Document>,
) -> Result<Vec<T>> {
    let (mut rows, mut odd) = (Vec::new(), 0);
    for row in aggregate(database, name, pipeline).await? {
        let documents = row.get(DOCUMENTS).and_then(number).unwrap_or(1.0) as u64;
        match row.get("_id").and_then(Bson::as_str) {
            Some(_) => match bson::deserialize_from_document(row) {
                Ok(row) => rows.push(row),
                Err(_) => odd += documents,
            },
            None => odd += documents,
        }
    }
    left_out(name, odd);
    Ok(rows)
}

/// A finite number of any type.
pub(super) fn number(value: &Bson) -> Option<f64> {
    let number = match value {
        Bson::Double(number) => *number,
        Bson::Int32(number) => f64::from(*number),
        Bson::Int64(number) => *number as f64,
        Bson::Decimal128(number) => number.to_string().parse().ok()?,
        _ => return None,
    };
    (number.abs() <= MOST).then_some(number)
}

/// Counts what was left out, and reports it once a minute for each collection.
pub(super) fn left_out(collection: &'static str, documents: u64) {
    if documents == 0 {
        return;
    }
    metrics::count("documents.left_out", &[("collection", collection)]);
    let Some(times) = limit::due(collection, 1) else { return };
    request::tag("collection", collection);
    let data = facts([
        ("collection", collection.into()),
        ("documents", documents.into()),
        ("queries", times.into()),
    ]);
    let text = format!("{documents} documents of `{collection}` cannot be counted, and are left out");
    report::message(Level::Warning, text, ("documents_left_out", data));
}

/// A player's games that can be counted.
pub(super) fn games_of(user_id: &str) -> Document {
    doc! { "user_id": user_id, "$expr": has_amounts() }
}

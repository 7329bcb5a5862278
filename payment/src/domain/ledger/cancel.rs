//! Payments that must not be booked, although they may have been, or may still be.

use database::mongodb::bson::{Document, doc};
use database::{Database, DatabaseError};

use super::Booking;
use super::commands::{USERS, fence, undo, users, with_balance};

/// What a payment was when it was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Cancelled {
    /// Not booked; and a command that is still on its way will not book it any more.
    Never,
    /// Booked, and undone.
    Undone,
    /// Booked, and its row written by another replica: it stays.
    Stands,
}

/// Cancels a payment, for good.
pub(in super::super) async fn cancel(
    database: &Database,
    booking: &Booking,
) -> Result<Cancelled, DatabaseError> {
    let account = |part: Document| {
        let mut filter = doc! { "_id": &booking.user_id };
        filter.extend(part);
        filter
    };
    let users = users(database)?;
    let unknown = account(doc! { "recent._id": { "$ne": &booking.id } });
    let stop = || users.update_one(unknown.clone(), fence(booking));
    if database.run_idempotent("update", USERS, stop).await?.matched_count > 0 {
        return Ok(Cancelled::Never);
    }
    let due = doc! { "pending": { "$elemMatch": { "_id": &booking.id, "claimed": { "$ne": true } } } };
    let due = with_balance(account(due));
    let back = || users.update_one(due.clone(), undo(booking));
    if database.run_idempotent("update", USERS, back).await?.matched_count > 0 {
        return Ok(Cancelled::Undone);
    }
    // Without an account nothing is booked; and an earlier attempt may have cancelled it unheard.
    let booked =
        account(doc! { "recent": { "$elemMatch": { "_id": &booking.id, "cancelled": { "$ne": true } } } });
    let found = database.run_idempotent("findOne", USERS, || users.find_one(booked.clone())).await?;
    Ok(if found.is_some() { Cancelled::Stands } else { Cancelled::Never })
}

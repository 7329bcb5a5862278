//! A payment: what it changes, and what it is called.

use database::mongodb::bson::{DateTime, Document, doc};
use uuid::Uuid;

use crate::domain::money::Money;

/// A payment to be booked.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The `_id` of its row.
    pub(super) id: String,
    /// The `_id` that its row would have had before the two parts of `id` were distinguished; keyed payments only.
    pub(super) earlier_id: Option<String>,
    /// This very call, of all that have the same key.
    pub(super) call: String,
    pub(super) user_id: String,
    pub(super) bet: Money,
    pub(super) payout: Money,
}

/// A booked payment: what its caller is answered, whenever it asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Receipt {
    /// The balance after it.
    pub balance: Money,
    /// When it was booked, by the database's clock.
    pub at: DateTime,
}

impl Booking {
    /// A payment. One that has a key may be repeated by its caller.
    pub fn new(user_id: String, bet: Money, payout: Money, key: Option<String>) -> Self {
        let call = Uuid::new_v4().to_string();
        let id = key.as_ref().map_or_else(|| call.clone(), |key| row_id(&user_id, key));
        let earlier_id = key.map(|key| format!("{user_id}:{key}"));
        Self { id, earlier_id, call, user_id, bet, payout }
    }

    /// May its caller repeat it?
    pub(in super::super) fn is_keyed(&self) -> bool {
        self.earlier_id.is_some()
    }

    /// The `_id` of its row.
    pub(in super::super) fn id(&self) -> &str {
        &self.id
    }

    /// Every `_id` that its row may have.
    pub(super) fn ids(&self) -> Vec<&str> {
        [Some(self.id.as_str()), self.earlier_id.as_deref()].into_iter().flatten().collect()
    }

    /// How the balance changes.
    pub(super) fn change(&self) -> Money {
        self.payout - self.bet
    }

    /// How much moves, whichever way.
    pub fn amount(&self) -> Money {
        self.change().abs()
    }

    /// `WIN` or `LOSS`; a player who gets back what was bet has won, as in the service that this one replaces.
    pub fn kind(&self) -> &'static str {
        if self.change() >= Money::cents(0) { "WIN" } else { "LOSS" }
    }

    /// Its row.
    pub(super) fn row(&self, receipt: Receipt) -> Document {
        let mut row = self.due();
        row.extend(doc! { "balance_after": receipt.balance.as_f64(), "timestamp": receipt.at });
        row
    }

    /// The row but for what the database adds: `balance_after` and `timestamp`.
    pub(super) fn due(&self) -> Document {
        doc! {
            "_id": &self.id,
            "user_id": &self.user_id,
            "type": self.kind(),
            "amount": self.amount().as_f64(),
            "bet": self.bet.as_f64(),
            "payout": self.payout.as_f64(),
        }
    }

    /// What the account remembers of it, for calls that repeat it.
    pub(super) fn entry(&self) -> Document {
        doc! { "_id": &self.id, "call": &self.call, "bet": self.bet.as_f64(), "payout": self.payout.as_f64() }
    }

    /// Has this row, or entry, the same amounts?
    pub(super) fn has_amounts_of(&self, document: &Document) -> bool {
        let amount = |name: &str| document.get(name).and_then(Money::of_bson);
        amount("bet") == Some(self.bet) && amount("payout") == Some(self.payout)
    }
}

/// The `_id` of a keyed payment. The first `/` ends the user's part, since it has none of its own; and there is no
/// `:`, which every earlier `_id` has.
fn row_id(user_id: &str, key: &str) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('/', "%2F").replace(':', "%3A");
    format!("{}/{}", escaped(user_id), escaped(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::row_id;

    #[test]
    fn two_users_never_share_the_id_of_a_row() {
        assert_ne!(row_id("a:b", "c"), row_id("a", "b:c"));
        assert_ne!(row_id("a/b", "c"), row_id("a", "b/c"));
        assert_ne!(row_id("a%2Fb", "c"), row_id("a/b", "c"));
        assert_eq!(row_id("alice", "spin-1"), "alice/spin-1");
    }

    proptest! {
        #[test]
        fn fuzz_the_id_of_a_row_tells_user_and_key_and_is_no_earlier_one(
            user in "[a:/%2F5é]{1,8}",
            key in "[a:/%2F5]{1,8}",
        ) {
            let id = row_id(&user, &key);
            prop_assert!(!id.contains(':'));
            let (left, right) = id.split_once('/').unwrap();
            let plain = |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace("%25", "%");
            prop_assert_eq!((plain(left), plain(right)), (user, key));
        }
    }
}

//! Messages as their publishers send them, strictly.

use broker::Delivered;
use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, facts};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use validator::Validate;

/// More than any game pays.
const MOST: f64 = 1e9;

/// Longest part of a message that is shown, in bytes.
const SHOWN: usize = 512;

/// A message that nobody will ever understand.
#[derive(Debug, thiserror::Error)]
#[error("a message of {} cannot be understood: {reason}", self.queue())]
pub(super) struct NotUnderstood {
    reason: String,
    message: Box<Delivered>,
}

impl NotUnderstood {
    pub(super) fn queue(&self) -> &'static str {
        self.message.queue.name
    }
}

impl Reportable for NotUnderstood {
    fn type_name(&self) -> &'static str {
        "MessageError"
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        vec![("routing_key", self.message.routing_key.clone())]
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let Delivered { routing_key, id, body, .. } = &*self.message;
        let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
        let context = facts([
            ("queue", self.queue().into()),
            ("routing_key", routing_key.as_str().into()),
            ("message_id", id.as_deref().into()),
            ("reason", self.reason.as_str().into()),
            ("body", shown.into()),
            ("dead_letters", broker::topology::DEAD_LETTERS.name.into()),
        ]);
        Some(("message", context))
    }
}

/// A game that was played.
#[derive(Debug, Deserialize, Validate)]
pub(super) struct Game {
    /// Its publisher's name for it; without one, it counts as often as it is delivered.
    #[serde(rename = "_id", default)]
    pub(super) id: Option<String>,
    #[validate(length(min = 1, max = 128))]
    pub(super) user_id: String,
    #[validate(range(exclusive_min = 0.0, max = MOST))]
    pub(super) bet: f64,
    pub(super) win: bool,
    #[validate(range(min = 0.0, max = MOST))]
    pub(super) payout: f64,
}

/// A payment that was booked.
#[derive(Debug)]
pub(super) struct Payment {
    pub(super) id: Option<String>,
    pub(super) is_credit: bool,
    pub(super) amount: f64,
}

#[derive(Deserialize)]
struct GameResult {
    data: Game,
}

#[derive(Deserialize)]
struct Booked {
    #[serde(rename = "type")]
    side: Side,
    data: Amount,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Credit,
    Debit,
}

#[derive(Deserialize, Validate)]
struct Amount {
    #[serde(rename = "_id", default)]
    id: Option<String>,
    #[serde(rename = "userId")]
    #[validate(length(min = 1, max = 128))]
    user_id: String,
    #[validate(range(min = 0.0, max = MOST))]
    amount: f64,
}

impl Game {
    pub(super) fn read(delivered: &Delivered) -> Result<Self, Traced<NotUnderstood>> {
        let GameResult { data } = parse(delivered)?;
        data.validate().map_err(|error| not_understood(delivered, error.to_string()))?;
        Ok(data)
    }
}

impl Payment {
    pub(super) fn read(delivered: &Delivered) -> Result<Self, Traced<NotUnderstood>> {
        let Booked { side, data } = parse(delivered)?;
        data.validate().map_err(|error| not_understood(delivered, error.to_string()))?;
        // Publishers that give no `_id` name the message itself.
        let id = data.id.or_else(|| delivered.id.clone());
        Ok(Self { id, is_credit: side == Side::Credit, amount: data.amount })
    }
}

fn parse<T: DeserializeOwned>(delivered: &Delivered) -> Result<T, Traced<NotUnderstood>> {
    Ok(serde_json::from_slice(&delivered.body)
        .map_err(|error| not_understood(delivered, error.to_string()))?)
}

fn not_understood(delivered: &Delivered, reason: String) -> NotUnderstood {
    NotUnderstood { reason, message: Box::new(delivered.clone()) }
}

//! Messages as their publishers send them, strictly.

use broker::Delivered;
use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, facts};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service::topology::TOPOLOGY;
use validator::{Validate, ValidationErrors};

use super::shown;

/// More than any game pays.
const MOST: f64 = 1e9;

/// Larger messages are not read, in bytes.
const LARGEST: usize = 1 << 20;

/// Longest reason, in bytes.
const REASON: usize = 256;

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
        let context = facts([
            ("queue", self.queue().into()),
            ("routing_key", routing_key.as_str().into()),
            ("message_id", id.as_deref().into()),
            ("reason", self.reason.as_str().into()),
            ("body", shown::body(body)),
            ("bytes", body.len().into()),
            ("dead_letters", TOPOLOGY.dead_letters.into()),
        ]);
        Some(("message", context))
    }
}

/// A game that was played.
#[derive(Debug, Clone, PartialEq, Deserialize, Validate)]
#[cfg_attr(test, derive(serde::Serialize))]
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
        data.validate().map_err(|error| not_understood(delivered, out_of_range(&error)))?;
        Ok(data)
    }
}

impl Payment {
    pub(super) fn read(delivered: &Delivered) -> Result<Self, Traced<NotUnderstood>> {
        let Booked { side, data } = parse(delivered)?;
        data.validate().map_err(|error| not_understood(delivered, out_of_range(&error)))?;
        // Publishers that give no `_id` name the message itself.
        let id = data.id.or_else(|| delivered.id.clone());
        Ok(Self { id, is_credit: side == Side::Credit, amount: data.amount })
    }
}

fn parse<T: DeserializeOwned>(delivered: &Delivered) -> Result<T, Traced<NotUnderstood>> {
    if delivered.body.len() > LARGEST {
        return Err(not_understood(delivered, format!("it has more than {LARGEST} bytes")).into());
    }
    Ok(serde_json::from_slice(&delivered.body)
        .map_err(|error| not_understood(delivered, misfit(&error.to_string())))?)
}

/// What serde says, without the value that it says it of: that may be long, and secret.
fn misfit(said: &str) -> String {
    let value = said.find(['"', '`']).zip(said.rfind(", expected")).filter(|(from, to)| from < to);
    let mut reason = match value {
        Some((from, to)) => format!("{}{}", said[..from].trim_end(), &said[to..]),
        None => said.to_owned(),
    };
    reason.truncate(reason.floor_char_boundary(REASON));
    reason
}

/// The fields that are out of their range.
fn out_of_range(errors: &ValidationErrors) -> String {
    let mut fields: Vec<_> = errors.errors().keys().map(ToString::to_string).collect();
    fields.sort_unstable();
    format!("out of range: {}", fields.join(", "))
}

fn not_understood(delivered: &Delivered, reason: String) -> NotUnderstood {
    NotUnderstood { reason, message: Box::new(delivered.clone()) }
}

#[cfg(test)]
mod tests {
    use broker::Queue;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use service::topology::{GAME_RESULTS, PAYMENTS};

    use super::*;

    fn delivered(queue: Queue, body: &[u8]) -> Delivered {
        let routing_key = "game.result".to_owned();
        Delivered { queue, routing_key, id: None, redelivered: false, body: body.to_vec() }
    }

    fn why(queue: Queue, body: &[u8]) -> Option<NotUnderstood> {
        let delivered = delivered(queue, body);
        match queue {
            PAYMENTS => Payment::read(&delivered).err().map(|why| why.error),
            _ => Game::read(&delivered).err().map(|why| why.error),
        }
    }

    #[test]
    fn a_reason_tells_no_value() {
        let secret = "hunter2".repeat(100_000);
        for body in [
            json!({ "data": { "user_id": "a", "bet": secret, "win": true, "payout": 1 } }),
            json!({ "data": { "user_id": secret, "bet": 1, "win": true, "payout": 1 } }),
            json!({ "data": { "user_id": "a", "bet": -1, "win": true, "payout": 1 } }),
            json!({ "type": secret, "data": {} }),
        ] {
            for queue in [GAME_RESULTS, PAYMENTS] {
                let reason = why(queue, body.to_string().as_bytes()).unwrap().to_string();
                assert!(reason.len() < 512 && !reason.contains("hunter2"), "{reason}");
            }
        }
        let reason = why(GAME_RESULTS, br#"{"data":{"user_id":"a","bet":"all"}}"#).unwrap().reason;
        assert!(reason.starts_with("invalid type: string, expected f64"), "{reason}");
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let reason = why(GAME_RESULTS, &vec![b' '; LARGEST + 1]).unwrap().reason;
        assert!(reason.contains("1048576"), "{reason}");
    }

    /// JSON of any shape, with the names that messages have.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            Just(Value::from("credit")),
        ];
        let name = prop_oneof![
            Just("data"),
            Just("type"),
            Just("user_id"),
            Just("userId"),
            Just("bet"),
            Just("payout"),
            Just("win"),
            Just("amount"),
            Just("_id"),
            Just("trace"),
            Just("password"),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            let object = prop::collection::vec((name.clone(), inner.clone()), 0..6);
            let object =
                object.prop_map(|it| it.into_iter().map(|(name, it)| (name.to_owned(), it)).collect());
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::Array),
                object.prop_map(Value::Object)
            ]
        })
    }

    proptest! {
        #[test]
        fn fuzz_messages_of_any_bytes_are_read_or_refused_briefly(body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2_000),
            any_json().prop_map(|json| json.to_string().into_bytes()),
            any_json().prop_map(|json| json!({ "type": "debit", "data": json }).to_string().into_bytes()),
        ]) {
            for queue in [GAME_RESULTS, PAYMENTS] {
                if let Some(why) = why(queue, &body) {
                    prop_assert!(why.to_string().len() < 512);
                    let (_, context) = why.context().unwrap();
                    prop_assert!(serde_json::to_string(&context).unwrap().len() <= 12_000);
                }
            }
        }

        #[test]
        fn fuzz_games_are_read_as_they_were_written(
            user_id in "[a-z0-9-]{1,128}", bet in 1..4_000_000_000_u32, win in any::<bool>(), payout in 0..4_000_000_000_u32,
            id in prop::option::of("[0-9a-f]{24}"),
        ) {
            let (bet, payout) = (f64::from(bet) / 4.0, f64::from(payout) / 4.0);
            let game = Game { id, user_id, bet, win, payout };
            let body = json!({ "data": game }).to_string();
            prop_assert_eq!(Game::read(&delivered(GAME_RESULTS, body.as_bytes())).unwrap(), game);
        }
    }
}

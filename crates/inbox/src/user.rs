//! Who was affected. Only how many is shown: users are held as hashes.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::grouping::hash;
use crate::shape::words;

/// What distinguishes users, the first that is there.
const FACTS: [&str; 4] = ["id", "email", "username", "ip_address"];

/// A hash of what distinguishes the user of an event. `payload` is the event as it was sent: an integer beyond 64 bits
/// has all of its digits only there.
pub(crate) fn of(user: &Value, payload: &[u8]) -> Option<u128> {
    let fact = |name: &'static str| {
        let fact = match &user[name] {
            Value::Number(number) if !number.is_u64() && !number.is_i64() && name == "id" => {
                id_as_sent(payload).unwrap_or_else(|| number.to_string())
            }
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            // Ids that differ beyond what lists show are different users.
            text => words(text)?.to_owned(),
        };
        Some(hash(&(name, fact)))
    };
    FACTS.into_iter().find_map(fact)
}

fn id_as_sent(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        user: User<'a>,
    }
    #[derive(Deserialize)]
    struct User<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    serde_json::from_slice::<Event<'_>>(payload).ok().map(|event| event.user.id.get().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_is_known_by_the_first_fact_there_is() {
        let of = |user: Value| of(&user, b"");
        let ann = of(json!({ "id": "ann" }));
        assert_eq!(of(json!({ "id": "ann", "email": "a@b.c", "ip_address": "10.0.0.1" })), ann);
        assert_eq!(
            of(json!({ "id": "", "email": "a@b.c", "username": "x" })),
            of(json!({ "email": "a@b.c" }))
        );
        assert_eq!(
            of(json!({ "id": null, "username": "x", "ip_address": "::1" })),
            of(json!({ "username": "x" }))
        );
        assert_ne!(of(json!({ "email": "ann" })), ann);
        assert_eq!(of(json!({ "id": 7 })), of(json!({ "id": "7" })));
        for nobody in [json!(null), json!({}), json!({ "id": " " }), json!([1]), json!({ "name": "Ann" })] {
            assert_eq!(of(nobody.clone()), None, "{nobody}");
        }
    }
}

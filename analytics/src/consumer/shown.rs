//! What an event shows of a message: its structure, without secrets, and cut.

use sentry_context::redaction;
use serde_json::Value;

/// Longest text, in bytes.
const TEXT: usize = 256;

/// Longest text of a message that is no JSON, in bytes.
const PLAIN: usize = 512;

/// More of it is not looked at, in bytes: secrets have to be found before it is cut.
const LOOKED_AT: usize = 4_096;

/// Items of a list or an object.
const ITEMS: usize = 20;

/// Objects and lists within one another.
const DEPTH: usize = 5;

/// All texts, names and values together, in bytes.
const TOTAL: usize = 4_096;

/// Stands for what was cut.
const MARK: &str = "…";

/// The body of a message. Secrets are found by name and by form while all of it is there; then it is cut.
pub(super) fn body(body: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut json) => {
            redaction::value(&mut json);
            cut(json, DEPTH, &mut TOTAL.clone())
        }
        Err(_) => {
            let mut text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]).into_owned();
            redaction::text(&mut text);
            clipped(text, PLAIN).into()
        }
    }
}

fn cut(json: Value, depth: usize, left: &mut usize) -> Value {
    match json {
        Value::String(text) => {
            let text = clipped(text, TEXT.min(*left));
            *left = left.saturating_sub(text.len());
            text.into()
        }
        Value::Array(_) | Value::Object(_) if depth == 0 || *left == 0 => MARK.into(),
        Value::Array(items) => {
            let more = items.len() > ITEMS;
            let mut items: Vec<_> =
                items.into_iter().take(ITEMS).map(|it| cut(it, depth - 1, left)).collect();
            items.extend(more.then(|| MARK.into()));
            items.into()
        }
        Value::Object(fields) => {
            let more = fields.len() > ITEMS;
            let field = |(name, it): (String, Value)| {
                let name = clipped(name, TEXT.min(*left));
                *left = left.saturating_sub(name.len());
                (name, cut(it, depth - 1, left))
            };
            let fields = fields.into_iter().take(ITEMS).map(field);
            let mut fields: serde_json::Map<_, _> = fields.collect();
            if more {
                fields.insert(MARK.to_owned(), MARK.into());
            }
            fields.into()
        }
        plain => plain,
    }
}

fn clipped(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.push_str(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(json: &Value) -> Value {
        body(json.to_string().as_bytes())
    }

    #[test]
    fn structure_stays_and_secrets_go() {
        let reported = json!({ "data": { "user_id": "a", "password": "hunter2", "deep": [{ "token": { "x": 1 } }] }, "bet": 1.5 });
        let shown = shown(&reported);
        assert_eq!((&shown["data"]["user_id"], &shown["bet"]), (&json!("a"), &json!(1.5)));
        assert_eq!(shown["data"]["password"], "[Filtered]");
        assert_eq!(shown["data"]["deep"][0]["token"], "[Filtered]");
    }

    #[test]
    fn a_secret_behind_what_is_cut_is_found_before() {
        let reported = json!({ "data": { "note": "x".repeat(10_000), "password": "hunter2" } }).to_string();
        assert!(!body(reported.as_bytes()).to_string().contains("hunter2"));
        assert!(!body(b"password=hunter2 and no JSON").to_string().contains("hunter2"));
    }

    #[test]
    fn whatever_comes_little_is_shown() {
        let mut deep = json!("x".repeat(1_000));
        for _ in 0..100 {
            deep = json!({ "a": deep, "b": vec!["y".repeat(600); 50] });
        }
        let wide: serde_json::Map<_, _> = (0..5_000).map(|it| (format!("{it:0>600}"), json!(it))).collect();
        for reported in
            [deep, Value::Object(wide), json!("z".repeat(1_000_000)), json!(vec![vec!["v"; 100]; 100])]
        {
            let shown = shown(&reported).to_string();
            assert!(shown.len() < 12_000, "{}", shown.len());
        }
        assert!(body(&vec![0xff; 1_000_000]).to_string().len() < 2_000);
    }
}

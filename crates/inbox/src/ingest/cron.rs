//! `/api/{project}/cron/{monitor}/{key}/`: a
//! [check-in](https://docs.sentry.io/product/crons/getting-started/http/) of a job by `curl`, without a client.

use actix_web::web::Bytes;
use serde_json::{Map, Value};

use super::envelope_of;
use crate::envelope::BadEnvelope;

/// An id that means the last run under way, or else a new one: with `curl`, nobody makes up ids.
const LAST_RUN: &str = "00000000000000000000000000000000";

/// An envelope of the check-in that the query and the body describe; the query counts.
pub(super) fn envelope(monitor: &str, query: &str, body: &[u8]) -> Result<Bytes, BadEnvelope> {
    let bad = |reason: String| BadEnvelope::Payload { item: 1, ty: "check_in".to_owned(), reason };
    let mut check_in: Map<String, Value> = match body.trim_ascii() {
        [] => Map::new(),
        body => {
            serde_json::from_slice(body).map_err(|it| bad(format!("its body is not a JSON object: {it}")))?
        }
    };
    let query = actix_web::web::Query::<Vec<(String, String)>>::from_query(query);
    for (name, value) in query.map_err(|it| bad(it.to_string()))?.into_inner() {
        let number = value.parse::<f64>().ok().filter(|_| name == "duration");
        check_in.insert(name, number.map_or(Value::from(value), Value::from));
    }
    check_in.insert("monitor_slug".to_owned(), monitor.into());
    check_in.entry("check_in_id").or_insert_with(|| LAST_RUN.into());
    if !check_in.get("status").is_some_and(Value::is_string) {
        return Err(bad("it has no status: in_progress, ok or error".to_owned()));
    }
    Ok(envelope_of("check_in", &[Value::from(check_in).to_string()]))
}

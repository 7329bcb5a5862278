//! `POST /business-metrics`: figures of the business outside of what is normal are told as warnings.

use std::ops::RangeInclusive;

use actix_web::{HttpResponse, web};
use scenario::read;
use sentry_context::failure::Failure;
use sentry_context::sentry::Level;
use sentry_context::{breadcrumbs, facts, report};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

/// Return to player when all is well, percent.
const RTP: RangeInclusive<f64> = 85.0..=98.0;

/// Percent of spins that win when all is well.
const WIN_RATE: RangeInclusive<f64> = 20.0..=50.0;

/// Sessions at once when all is well.
const SESSIONS: RangeInclusive<f64> = 0.0..=1_000.0;

/// What a caller sends.
#[derive(Debug, Deserialize, Validate)]
struct Asked {
    #[serde(default)]
    #[validate(length(max = 128, message = "must have at most 128 characters"))]
    scenario: String,
}

pub(crate) async fn tell(body: web::Json<Value>) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    let data = facts([("scenario", asked.scenario.as_str().into())]);
    breadcrumbs::step("business", "computing business metrics", data);
    let answer = match asked.scenario.as_str() {
        "rtp_anomaly" => json!({
            "status": "rtp_anomaly",
            "low_rtp": judged("rtp", "Return to player (%)", 75.0, &RTP),
            "high_rtp": judged("rtp", "Return to player (%)", 105.0, &RTP),
        }),
        "session_surge" => json!({
            "status": "session_surge",
            "normal": judged("active_sessions", "Active sessions", 150.0, &SESSIONS),
            "surge": judged("active_sessions", "Active sessions", 2_500.0, &SESSIONS),
        }),
        "win_rate_manipulation" => json!({
            "status": "win_rate_manipulation",
            "suspicious_rate": judged("win_rate", "Win rate (%)", 85.0, &WIN_RATE),
        }),
        _ => json!({ "status": "normal" }),
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// The figure; a warning where it is out of range.
fn judged(name: &'static str, title: &str, value: f64, normal: &RangeInclusive<f64>) -> f64 {
    if !normal.contains(&value) {
        let (min, max) = (*normal.start(), *normal.end());
        let text = format!("{title} is {value}, outside of {min} to {max}");
        let data = facts([("value", value.into()), ("min", min.into()), ("max", max.into())]);
        report::message(Level::Warning, text, (name, data));
    }
    value
}

//! `POST /business-metrics`: figures of the business outside of what is normal are told as warnings.

use std::ops::RangeInclusive;

use actix_web::{HttpResponse, web};
use scenario::read;
use sentry_context::failure::Failure;
use sentry_context::metrics::{self, Unit};
use sentry_context::sentry::Level;
use sentry_context::{breadcrumbs, facts, report};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

/// A figure, and what it is when all is well.
struct Figure {
    /// Of its context.
    name: &'static str,
    /// As a metric in Sentry.
    metric: &'static str,
    unit: Option<Unit>,
    title: &'static str,
    normal: RangeInclusive<f64>,
}

static RTP: Figure = Figure {
    name: "rtp",
    metric: "business.rtp",
    unit: Some(Unit::Percent),
    title: "Return to player (%)",
    normal: 85.0..=98.0,
};

static WIN_RATE: Figure = Figure {
    name: "win_rate",
    metric: "business.win_rate",
    unit: Some(Unit::Percent),
    title: "Win rate (%)",
    normal: 20.0..=50.0,
};

static SESSIONS: Figure = Figure {
    name: "active_sessions",
    metric: "business.active_sessions",
    unit: None,
    title: "Active sessions",
    normal: 0.0..=1_000.0,
};

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
            "low_rtp": judged(&RTP, 75.0),
            "high_rtp": judged(&RTP, 105.0),
        }),
        "session_surge" => json!({
            "status": "session_surge",
            "normal": judged(&SESSIONS, 150.0),
            "surge": judged(&SESSIONS, 2_500.0),
        }),
        "win_rate_manipulation" => json!({
            "status": "win_rate_manipulation",
            "suspicious_rate": judged(&WIN_RATE, 85.0),
        }),
        _ => json!({ "status": "normal" }),
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// Tells the figure, and warns where it is out of range.
fn judged(figure: &Figure, value: f64) -> f64 {
    let Figure { name, title, normal, .. } = figure;
    metrics::gauge(figure.metric, value, figure.unit.clone());
    if !normal.contains(&value) {
        let (min, max) = (*normal.start(), *normal.end());
        let text = format!("{title} is {value}, outside of {min} to {max}");
        let data = facts([("value", value.into()), ("min", min.into()), ("max", max.into())]);
        report::message(Level::Warning, text, (name, data));
    }
    value
}

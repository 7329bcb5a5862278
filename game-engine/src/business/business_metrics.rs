//! `POST /business-metrics`: reports business figures outside their normal range as warnings.

use actix_web::{HttpResponse, web};
use figures::{Asked, Figure, RTP, SESSIONS, WIN_RATE};
use scenario::read;
use sentry_context::failure::Failure;
use serde_json::{Value, json};

pub(crate) async fn show(body: web::Json<Value>) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    let _step = asked.begin("computing business metrics");
    let answer = match asked.scenario.as_str() {
        "rtp_anomaly" => json!({
            "status": "rtp_anomaly",
            "low_rtp": reported(&RTP, 75.0),
            "high_rtp": reported(&RTP, 105.0),
        }),
        "session_surge" => json!({
            "status": "session_surge",
            "normal": reported(&SESSIONS, 150.0),
            "surge": reported(&SESSIONS, 2_500.0),
        }),
        "win_rate_manipulation" => json!({
            "status": "win_rate_manipulation",
            "suspicious_rate": reported(&WIN_RATE, 85.0),
        }),
        _ => json!({ "status": "normal" }),
    };
    Ok(HttpResponse::Ok().json(answer))
}

fn reported(figure: &Figure, value: f64) -> f64 {
    figure.report(value);
    value
}

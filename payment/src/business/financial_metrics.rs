//! `POST /financial-metrics`: reports business figures outside their normal range as warnings.

use actix_web::{HttpResponse, web};
use figures::{Asked, Figure, PAYMENT_SUCCESS, REVENUE};
use scenario::read;
use sentry_context::failure::Failure;
use serde_json::{Value, json};

pub(crate) async fn show(body: web::Json<Value>) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    let _step = asked.begin("computing financial metrics");
    Ok(HttpResponse::Ok().json(match asked.scenario.as_str() {
        "payment_failure_spike" => {
            json!({ "status": "payment_failure_spike", "success_rate": reported(&PAYMENT_SUCCESS, 78.5) })
        }
        "revenue_anomaly" => {
            json!({ "status": "revenue_anomaly", "net_revenue": reported(&REVENUE, -25_000.0) })
        }
        _ => json!({ "status": "normal", "success_rate": reported(&PAYMENT_SUCCESS, 98.5) }),
    }))
}

fn reported(figure: &Figure, value: f64) -> f64 {
    figure.report(value);
    value
}

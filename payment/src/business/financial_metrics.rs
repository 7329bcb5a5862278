//! `POST /financial-metrics`: figures of the business outside of what is normal are told as warnings.

use actix_web::{HttpResponse, web};
use scenario::read;
use sentry_context::failure::Failure;
use sentry_context::metrics::{self, Unit};
use sentry_context::sentry::Level;
use sentry_context::{breadcrumbs, facts, report};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

/// Percent of payments that succeed when all is well.
const SUCCESS_RATE: std::ops::RangeInclusive<f64> = 95.0..=100.0;

/// What a caller sends.
#[derive(Debug, Deserialize, Validate)]
struct Asked {
    #[serde(default)]
    #[validate(length(max = 128, message = "must have at most 128 characters"))]
    scenario: String,
}

pub(crate) async fn tell(body: web::Json<Value>) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    breadcrumbs::step(
        "business",
        "computing financial metrics",
        facts([("scenario", asked.scenario.as_str().into())]),
    );
    Ok(HttpResponse::Ok().json(match asked.scenario.as_str() {
        "payment_failure_spike" => {
            let rate = success_rate(78.5);
            if !SUCCESS_RATE.contains(&rate) {
                let data = facts([
                    ("success_rate", rate.into()),
                    ("min", (*SUCCESS_RATE.start()).into()),
                    ("max", (*SUCCESS_RATE.end()).into()),
                ]);
                let text = format!("Payment success rate is {rate} %, below {} %", SUCCESS_RATE.start());
                report::message(Level::Warning, text, ("payment_success", data));
            }
            json!({ "status": "payment_failure_spike", "success_rate": rate })
        }
        "revenue_anomaly" => {
            let revenue = -25_000.0;
            metrics::gauge("business.revenue.net", revenue, None);
            let data = facts([("net_revenue", revenue.into()), ("period", "24 h".into())]);
            report::message(
                Level::Warning,
                format!("Net revenue is {revenue}: more was paid out than bet"),
                ("revenue", data),
            );
            json!({ "status": "revenue_anomaly", "net_revenue": revenue })
        }
        _ => json!({ "status": "normal", "success_rate": success_rate(98.5) }),
    }))
}

/// Tells the share of payments that succeed, percent.
fn success_rate(rate: f64) -> f64 {
    metrics::gauge("business.payment.success_rate", rate, Some(Unit::Percent));
    rate
}

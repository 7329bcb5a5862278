//! Numbers over time.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{aside, body, get};
use crate::charts::{Range, SECONDS, charts, measured, names, series};
use crate::store::Store;
use crate::timestamp;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.service(get("/api/charts").get(all_charts))
        .service(get("/api/metrics/names").get(metric_names))
        .service(get("/api/metrics/series").get(metric_series));
}

#[derive(Debug, Deserialize)]
struct Shown {
    /// The length of the range that ends now.
    seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Metric {
    name: String,
    /// An attribute.
    by: Option<String>,
    seconds: Option<f64>,
}

fn range(seconds: Option<f64>) -> Range {
    Range::until(timestamp::now(), seconds.unwrap_or(SECONDS))
}

async fn all_charts(shown: web::Query<Shown>, store: web::Data<Store>) -> HttpResponse {
    let range = range(shown.seconds);
    aside(move || body(&store.read(|state| charts(state, range)))).await
}

async fn metric_names(store: web::Data<Store>) -> HttpResponse {
    aside(move || body(&names(&store.read(|state| measured(state, None))))).await
}

async fn metric_series(metric: web::Query<Metric>, store: web::Data<Store>) -> HttpResponse {
    let Metric { name, by, seconds } = metric.into_inner();
    let by = by.filter(|by| !by.is_empty());
    aside(move || {
        let measured = store.read(|state| measured(state, Some(&name)));
        body(&series(&measured, name, by, range(seconds)))
    })
    .await
}

//! Sentry's application metrics: what was asked for, how often and how long it took.
//!
//! Attributes have few values (route *patterns*, status codes, scenario names), so that they can be grouped by.

mod requests;

use std::time::{Duration, Instant};

use sentry::Hub;
use sentry::metrics::{counter, distribution};
use sentry::protocol::Unit;

use crate::client::ServiceIntegration;

pub(crate) use requests::{Answered, Requests};

macro_rules! about {
    ($metric:expr, $service:expr, $answered:expr) => {
        $metric
            .attribute("service", $service)
            .attribute("http.request.method", $answered.method.as_str())
            .attribute("http.route", $answered.route.as_str())
            .attribute("http.response.status_code", $answered.status)
    };
}

/// Counts one more of something. Attributes are names and values.
pub fn count(name: &'static str, attributes: &[(&'static str, &str)]) {
    let Some(service) = service() else { return };
    let counted = counter(name, 1).attribute("service", service);
    attributes.iter().fold(counted, |counted, (name, value)| counted.attribute(*name, *value)).capture();
}

/// Tells of a request that was answered: `http.server.requests`, and `http.server.request.duration` in milliseconds, by
/// OpenTelemetry's [attributes](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
///
/// A metric costs more than many a handler. Of the requests that are not traced, most are only counted, and told in
/// sum with a later one, or by [`tell_rest`].
pub(crate) fn request(answered: Answered, traced: bool, took: Duration) {
    let Some(service) = service() else { return };
    let now = Instant::now();
    let told = sentry::with_integration(|service: &ServiceIntegration, _| {
        service.requests.count(answered, traced, now)
    });
    if let Some((answered, _)) = told.last() {
        let took = distribution("http.server.request.duration", took.as_secs_f64() * 1000.0);
        about!(took.unit(Unit::Millisecond), service, answered).capture();
    }
    told.iter().for_each(|(answered, times)| counted(answered, *times, service));
}

/// Tells of the requests that nothing has told of yet.
pub(crate) fn tell_rest() {
    let Some(service) = service() else { return };
    let rest = sentry::with_integration(|service: &ServiceIntegration, _| service.requests.take());
    rest.iter().for_each(|(answered, times)| counted(answered, *times, service));
}

fn counted(answered: &Answered, times: u64, service: &'static str) {
    about!(counter("http.server.requests", times as f64), service, answered).capture();
}

/// The service's name; `None` where nothing is sent, and a metric would be made for nobody.
fn service() -> Option<&'static str> {
    let enabled = Hub::with_active(|hub| hub.client().is_some_and(|client| client.is_enabled()));
    let name = sentry::with_integration(|service: &ServiceIntegration, _| service.name);
    (enabled && !name.is_empty()).then_some(name)
}

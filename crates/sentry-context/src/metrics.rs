//! Sentry's application metrics: what was asked for, how often and how long it took.
//!
//! Attributes have few values (route *patterns*, status codes, scenario names), so that they can be grouped by.

use std::time::Duration;

use sentry::Hub;
use sentry::metrics::{counter, distribution};
use sentry::protocol::Unit;

use crate::client::ServiceIntegration;

/// Counts one more of something. Attributes are names and values.
pub fn count(name: &'static str, attributes: &[(&'static str, &str)]) {
    let Some(service) = service() else { return };
    let counted = counter(name, 1).attribute("service", service);
    attributes.iter().fold(counted, |counted, (name, value)| counted.attribute(*name, *value)).capture();
}

/// A request that was answered: `http.server.requests`, and `http.server.request.duration` in milliseconds, by
/// OpenTelemetry's [attributes](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
pub(crate) fn request(method: &str, route: &str, status: u16, took: Duration) {
    let Some(service) = service() else { return };
    macro_rules! about {
        ($metric:expr) => {
            $metric
                .attribute("service", service)
                .attribute("http.request.method", method)
                .attribute("http.route", route)
                .attribute("http.response.status_code", status)
        };
    }
    about!(counter("http.server.requests", 1)).capture();
    let took =
        distribution("http.server.request.duration", took.as_secs_f64() * 1000.0).unit(Unit::Millisecond);
    about!(took).capture();
}

/// The service's name; `None` where nothing is sent, and a metric would be made for nobody.
fn service() -> Option<&'static str> {
    let enabled = Hub::with_active(|hub| hub.client().is_some_and(|client| client.is_enabled()));
    let name = sentry::with_integration(|service: &ServiceIntegration, _| service.name);
    (enabled && !name.is_empty()).then_some(name)
}

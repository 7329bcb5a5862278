//! Sentry's application metrics: what was asked for, how often and how long it took.
//!
//! Attributes have few values (route *patterns*, status codes, scenario names), so that they can be grouped by.

mod requests;
mod sums;

use std::time::{Duration, Instant};

use sentry::Hub;
use sentry::metrics::{counter, distribution};
pub use sentry::protocol::Unit;

pub(crate) use requests::{Answered, Requests};
use sums::Key;

macro_rules! about {
    ($metric:expr, $service:expr, $answered:expr) => {
        $metric
            .attribute("service", $service)
            .attribute("http.request.method", $answered.method)
            .attribute("http.route", &*$answered.route)
            .attribute("http.response.status_code", $answered.status)
    };
}

/// Counts one more of something. Attributes are names and values.
pub fn count(name: &'static str, attributes: &[(&'static str, &str)]) {
    with_requests(|requests| {
        let counted = counter(name, 1).attribute("service", requests.service);
        attributes.iter().fold(counted, |counted, (name, value)| counted.attribute(*name, *value)).capture();
    });
}

/// Adds an amount to a sum of the business, such as what was bet, with an attribute, if it has one. Of many amounts, most
/// are reported as a sum with a later one, or at the end of the process.
pub fn add(name: &'static str, amount: f64, attribute: Option<(&'static str, &'static str)>) {
    with_requests(|requests| {
        let key = (name, attribute);
        if let Some(sum) = requests.sums.add(key, amount, Instant::now()) {
            summed(key, sum, requests.service);
        }
    });
}

fn summed((name, attribute): Key, sum: f64, service: &'static str) {
    let summed = counter(name, sum).attribute("service", service);
    match attribute {
        Some((name, value)) => summed.attribute(name, value).capture(),
        None => summed.capture(),
    }
}

/// Reports one of many values, whose distribution matters.
pub fn distributed(name: &'static str, value: f64, unit: Unit) {
    with_requests(|requests| {
        distribution(name, value).attribute("service", requests.service).unit(unit).capture();
    });
}

/// Reports what something is at the moment, such as a rate or a sum of the business; in that unit, if it has one.
pub fn gauge(name: &'static str, value: f64, unit: Option<Unit>) {
    with_requests(|requests| {
        let reported = sentry::metrics::gauge(name, value).attribute("service", requests.service);
        match unit {
            Some(unit) => reported.unit(unit).capture(),
            None => reported.capture(),
        }
    });
}

/// Reports a request that was answered: `http.server.requests`, and `http.server.request.duration` in milliseconds, by
/// OpenTelemetry's [attributes](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
///
/// A metric costs more than a fast handler. Of many requests, most are only counted, and reported as a sum with a later one,
/// or by [`report_rest`].
pub(crate) fn request(answered: Answered, took: Duration) {
    with_requests(|requests| {
        let reported = requests.count(answered, Instant::now());
        if let Some((answered, _)) = reported.last() {
            let took = distribution("http.server.request.duration", took.as_secs_f64() * 1000.0);
            about!(took.unit(Unit::Millisecond), requests.service, answered).capture();
        }
        reported.iter().for_each(|(answered, times)| counted(answered, *times, requests.service));
    });
}

/// Reports the requests and the sums that are not reported yet.
pub(crate) fn report_rest() {
    with_requests(|requests| {
        requests.sums.take().into_iter().for_each(|(key, sum)| summed(key, sum, requests.service));
        requests.take().iter().for_each(|(answered, times)| counted(answered, *times, requests.service));
    });
}

fn counted(answered: &Answered, times: u64, service: &'static str) {
    about!(counter("http.server.requests", times as f64), service, answered).capture();
}

/// Does nothing if nothing is sent.
fn with_requests(report: impl FnOnce(&Requests)) {
    Hub::with_active(|hub| {
        if hub.client().is_some_and(|client| client.is_enabled()) {
            hub.with_integration(report);
        }
    });
}

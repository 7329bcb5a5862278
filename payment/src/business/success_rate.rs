//! How many of the latest payments succeeded, from the answers that their callers got.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;
use figures::PAYMENT_SUCCESS;

/// Payments that the rate is of, at most.
const LATEST: usize = 1_000;

/// Fewer say nothing: of ten, one failure is 10 %.
const ENOUGH: usize = 50;

/// The rate is reported after so many payments more: a metric costs more than a payment's own telemetry should.
const EVERY: u64 = 10;

/// The outcomes of the latest payments.
#[derive(Debug, Default)]
pub(crate) struct SuccessRate(Mutex<Outcomes>);

#[derive(Debug, Default)]
struct Outcomes {
    latest: VecDeque<bool>,
    succeeded: usize,
    ever: u64,
}

impl SuccessRate {
    /// Notes an outcome; the share of payments that succeeded, percent, where it is due.
    fn note(&self, success: bool) -> Option<f64> {
        let mut outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if outcomes.latest.len() == LATEST {
            let oldest = outcomes.latest.pop_front().unwrap_or_default();
            outcomes.succeeded -= usize::from(oldest);
        }
        outcomes.latest.push_back(success);
        outcomes.succeeded += usize::from(success);
        outcomes.ever += 1;
        let (succeeded, all) = (outcomes.succeeded as f64, outcomes.latest.len());
        (all >= ENOUGH && outcomes.ever.is_multiple_of(EVERY))
            .then(|| (succeeded / all as f64 * 1_000.0).round() / 10.0)
    }
}

/// Watches the answers to payments. A payment that its caller asked for wrongly says nothing about the service.
pub(crate) async fn watch(
    rate: web::Data<SuccessRate>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let answered = next.call(request).await;
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if !status.is_client_error()
        && let Some(percent) = rate.note(status.is_success())
    {
        PAYMENT_SUCCESS.observe(percent);
    }
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_the_latest_payments_once_there_are_enough() {
        let rate = SuccessRate::default();
        assert!((1..ENOUGH).all(|_| rate.note(false).is_none()));
        assert_eq!(rate.note(true), Some(2.0));
        let rates: Vec<_> = (0..LATEST).filter_map(|_| rate.note(true)).collect();
        assert_eq!((rates.len() as u64, rates.last()), (LATEST as u64 / EVERY, Some(&100.0)));
        assert_eq!(rate.0.lock().unwrap().latest.len(), LATEST);
    }
}

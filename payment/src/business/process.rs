//! A payment: the outcome of a spin, booked.
//!
//! `POST /process` takes what was bet and what was paid out, changes the player's balance by the difference, and
//! writes a row. `ERROR_RATE` of the calls fail before anything has changed. A call that is repeated with the same
//! `Idempotency-Key` is booked once and answered the same: it never fails at random once it is booked.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use broker::Publisher;
use scenario::{Refusal, read};
use sentry_context::failure::Failure;
use sentry_context::metrics::Unit;
use sentry_context::report::Traced;
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, contexts, facts, metrics, request};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::domain::ledger::{Booked, Booking, Ledger};
use crate::domain::money::Money;
use crate::domain::processor::Processor;
use crate::domain::unconfirmed::Unconfirmed;
use crate::error::PaymentError;

/// More than any game pays.
const MOST: f64 = 1e9;

/// Longest id of a player, and longest key, in characters.
const LONGEST: u64 = 128;

/// Names a call, so that it can be repeated.
const KEY_HEADER: &str = "Idempotency-Key";

/// What a caller sends.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[validate(length(min = 1, max = LONGEST, message = "must have from 1 to 128 characters"))]
    user_id: String,
    #[validate(range(min = 0.0, max = MOST, message = "must be a number from 0 to 1000000000"))]
    bet: f64,
    #[validate(range(min = 0.0, max = MOST, message = "must be a number from 0 to 1000000000"))]
    payout: f64,
}

pub(crate) async fn process(
    call: HttpRequest,
    body: web::Json<Value>,
    ledger: web::Data<Ledger>,
    unconfirmed: web::Data<Unconfirmed>,
    processor: web::Data<Processor>,
    publisher: web::Data<Publisher>,
) -> Result<HttpResponse, Failure> {
    let payment: Payment = read(body.into_inner())?;
    let key = key(&call)?;
    let data = facts([
        ("user_id", payment.user_id.as_str().into()),
        ("bet", payment.bet.into()),
        ("payout", payment.payout.into()),
        ("idempotent", key.is_some().into()),
    ]);
    breadcrumbs::step("payment", "processing a payment", data.clone());
    contexts::set("payment", data);
    let booking =
        Booking::new(payment.user_id, amount("bet", payment.bet)?, amount("payout", payment.payout)?, key);
    let booked = match ledger.replay(&publisher, &booking).await? {
        Some(booked) => booked,
        None => {
            let took = processor.approve().await?;
            account(&booking, took);
            let place = unconfirmed.reserve(&booking)?;
            let booked = book(&ledger, &publisher, &booking).await;
            if booked.as_ref().is_err_and(|failed| failed.error.may_be_booked()) {
                place.take(booking.clone());
            }
            booked?
        }
    };
    let balance = match booked {
        Booked::Applied(receipt) => {
            count(&booking);
            receipt.balance
        }
        Booked::Replayed(balance) => balance,
        Booked::KeyReused => {
            return Err(Refusal::Conflict("this Idempotency-Key belongs to another payment").into());
        }
    };
    let balance = balance.as_f64();
    Ok(HttpResponse::Ok().json(json!({ "success": true, "newBalance": balance })))
}

async fn book(
    ledger: &Ledger,
    publisher: &Publisher,
    booking: &Booking,
) -> Result<Booked, Traced<PaymentError>> {
    let _booking = Step::silent("function", "book the payment");
    ledger.book(publisher, booking).await
}

/// What the transaction is about: the amount that moves, and how long the provider took.
fn account(booking: &Booking, took: Duration) {
    let (amount, took) = (booking.amount().as_f64(), took.as_secs_f64() * 1_000.0);
    request::measure("payment.amount", amount, "none");
    request::measure("payment.processing_time", took, "millisecond");
    metrics::distributed("payment.processing_time", took, Unit::Millisecond);
    metrics::distributed("payment.amount", amount, Unit::from("none"));
}

/// What a booked payment adds to the figures of the business. Seen from the house, what a player loses comes in.
fn count(booking: &Booking) {
    let kind = booking.kind();
    let (volume, number) = match kind {
        "LOSS" => ("business.deposit.amount", "business.deposit.count"),
        _ => ("business.withdrawal.amount", "business.withdrawal.count"),
    };
    metrics::add("payments.processed", 1.0, Some(("type", kind)));
    metrics::add(volume, booking.amount().as_f64(), None);
    metrics::add(number, 1.0, None);
}

/// An amount in cents: one with more decimals counts as the nearest.
fn amount(field: &str, amount: f64) -> Result<Money, Refusal> {
    let reason = || format!("must be a number from 0 to {MOST}");
    Money::read(amount).ok_or_else(|| Refusal::BadField { field: field.to_owned(), reason: reason() })
}

fn key(request: &HttpRequest) -> Result<Option<String>, Refusal> {
    let Some(key) = request.headers().get(KEY_HEADER) else { return Ok(None) };
    let bad = || Refusal::BadField {
        field: KEY_HEADER.to_owned(),
        reason: format!("must have from 1 to {LONGEST} printable characters"),
    };
    let key = key.to_str().map_err(|_| bad())?;
    if (1..=LONGEST as usize).contains(&key.len()) { Ok(Some(key.to_owned())) } else { Err(bad()) }
}

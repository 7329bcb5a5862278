//! A payment: the outcome of a spin, booked.
//!
//! `POST /process` takes what was bet and what was paid out, changes the player's balance by the difference, and
//! writes a row. `ERROR_RATE` of the calls fail before anything has changed. A call that is repeated with the same
//! `Idempotency-Key` is booked once and answered the same: it never fails at random once it is booked.

use actix_web::{HttpRequest, HttpResponse, web};
use broker::Publisher;
use database::Database;
use scenario::{Refusal, read};
use sentry_context::failure::Failure;
use sentry_context::{breadcrumbs, contexts, facts, metrics};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::domain::ledger::{self, Booked, Booking};
use crate::domain::money::Money;
use crate::domain::processor::Processor;
use crate::domain::unconfirmed::Unconfirmed;

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
    request: HttpRequest,
    body: web::Json<Value>,
    database: web::Data<Database>,
    unconfirmed: web::Data<Unconfirmed>,
    processor: web::Data<Processor>,
    publisher: web::Data<Publisher>,
) -> Result<HttpResponse, Failure> {
    let payment: Payment = read(body.into_inner())?;
    let key = key(&request)?;
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
    let booked = match ledger::replay(&database, &publisher, &booking).await? {
        Some(booked) => booked,
        None => {
            processor.approve()?;
            let place = unconfirmed.reserve(&booking)?;
            let booked = ledger::book(&database, &publisher, &booking).await;
            if booked.as_ref().is_err_and(|failed| failed.error.may_be_booked()) {
                place.take(booking.clone());
            }
            booked?
        }
    };
    let balance = match booked {
        Booked::Applied(receipt) => {
            metrics::count("payments.processed", &[("type", booking.kind())]);
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

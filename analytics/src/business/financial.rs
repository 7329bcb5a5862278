//! What was won and lost, seen from the house: a player's loss is money in (a deposit), a win is money out (a
//! withdrawal), and revenue is what is left.

use actix_web::{HttpRequest, HttpResponse, web};
use database::Database;
use database::mongodb::bson::{Bson, Document, doc};
use figures::{REVENUE, WIN_RATE};
use sentry_context::facts;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{Result, TRANSACTIONS};
use super::{BOUNDED, percent, rounded, sound};
use crate::endpoint::{DAYS, Endpoint, HOURS, Shape};

pub(crate) static SUMMARY: Endpoint = Endpoint {
    path: "/api/v1/business-metrics/financial-summary",
    summary: "Revenue, overall and by day",
    parameters: std::slice::from_ref(&DAYS),
    answers: BOUNDED,
    shape: Some(Shape::of::<FinancialSummary>()),
    route: |route| route.to(summary),
};

pub(crate) static PERIOD: Endpoint = Endpoint {
    path: "/api/v1/business-metrics/financial",
    summary: "Revenue, credits and debits of some hours",
    parameters: std::slice::from_ref(&HOURS),
    answers: BOUNDED,
    shape: Some(Shape::of::<FinancialPeriod>()),
    route: |route| route.to(period),
};

/// Revenue of some days.
#[derive(Serialize, ToSchema)]
struct FinancialSummary {
    period_days: u32,
    summary: FinancialTotals,
    /// The latest first.
    daily_breakdown: Vec<FinancialDay>,
    revenue_health: RevenueHealth,
}

#[derive(Serialize, ToSchema)]
struct FinancialTotals {
    total_revenue: f64,
    total_bets: f64,
    total_payouts: f64,
    total_transactions: u64,
    win_rate: f64,
    average_bet: f64,
}

#[derive(Serialize, ToSchema)]
struct FinancialDay {
    #[serde(flatten)]
    day: TransactionTotals,
    net_revenue: f64,
    house_edge: f64,
}

#[derive(Serialize, ToSchema)]
struct RevenueHealth {
    /// `healthy`, or `warning`.
    status: &'static str,
    message: &'static str,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct TransactionTotals {
    _id: String,
    date: String,
    total_bets: f64,
    total_payouts: f64,
    transactions: u64,
    unique_players: u64,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    wins: u64,
}

/// Revenue of some hours.
#[derive(Serialize, ToSchema)]
struct FinancialPeriod {
    period_hours: u32,
    total_revenue: f64,
    deposit_count: u64,
    avg_deposit: f64,
    withdrawal_count: u64,
    avg_withdrawal: f64,
    total_deposits: f64,
    total_withdrawals: f64,
}

#[derive(Default, Deserialize)]
struct Sides {
    deposit_count: u64,
    total_deposits: f64,
    withdrawal_count: u64,
    total_withdrawals: f64,
}

async fn summary(
    request: HttpRequest,
    database: web::Data<Database>,
) -> std::result::Result<HttpResponse, Failure> {
    let days = DAYS.read(&request)?;
    let _step = Step::begin("analytics", "summing up transactions by day", facts([("days", days.into())]));
    let figures = by_day(&database, days).await?;
    let bets: f64 = figures.iter().map(|day| day.total_bets).sum();
    let payouts: f64 = figures.iter().map(|day| day.total_payouts).sum();
    let (transactions, wins) =
        figures.iter().fold((0, 0), |sum, day| (sum.0 + day.transactions, sum.1 + day.wins));
    let total_revenue = bets - payouts;
    let win_rate = rounded(percent(wins as f64, transactions as f64));
    REVENUE.observe(total_revenue);
    if transactions > 0 {
        WIN_RATE.observe(win_rate);
    }
    let overall = FinancialTotals {
        total_revenue,
        total_bets: bets,
        total_payouts: payouts,
        total_transactions: transactions,
        win_rate,
        average_bet: rounded(bets / transactions.max(1) as f64),
    };
    let daily_breakdown = figures.into_iter().map(day).collect();
    let answer = FinancialSummary {
        period_days: days,
        summary: overall,
        daily_breakdown,
        revenue_health: health(total_revenue),
    };
    Ok(HttpResponse::Ok().json(answer))
}

fn day(day: TransactionTotals) -> FinancialDay {
    let net_revenue = day.total_bets - day.total_payouts;
    FinancialDay { net_revenue, house_edge: percent(net_revenue, day.total_bets), day }
}

fn health(revenue: f64) -> RevenueHealth {
    match REVENUE.is_normal(revenue) {
        false => RevenueHealth { status: "warning", message: "more was paid out than bet" },
        true => RevenueHealth { status: "healthy", message: "at least as much was bet as paid out" },
    }
}

async fn by_day(database: &Database, days: u32) -> Result<Vec<TransactionTotals>> {
    let figures = doc! {
        "total_bets": { "$sum": "$bet" },
        "total_payouts": { "$sum": "$payout" },
        "transactions": { "$sum": 1 },
        "wins": { "$sum": { "$cond": [{ "$eq": ["$type", "WIN"] }, 1, 0] } },
        "players": sound::players(),
    };
    let mut pipeline = sound::since(days * 86_400);
    pipeline.extend([
        sound::group(sound::has_amounts(), sound::label("%Y-%m-%d"), figures),
        sound::count_players(),
        doc! { "$addFields": { "date": "$_id" } },
        doc! { "$sort": { "_id": -1 } },
    ]);
    sound::rows(database, TRANSACTIONS, pipeline).await
}

async fn period(
    request: HttpRequest,
    database: web::Data<Database>,
) -> std::result::Result<HttpResponse, Failure> {
    let hours = HOURS.read(&request)?;
    let _step = Step::begin("analytics", "summing up credits and debits", facts([("hours", hours.into())]));
    let mut pipeline = sound::since(hours * 3_600);
    pipeline.push(sound::group(sound::is_amount("$amount"), "all", sides()));
    let sides: Option<Sides> = sound::rows(&database, TRANSACTIONS, pipeline).await?.pop();
    let sides = sides.unwrap_or_default();
    Ok(HttpResponse::Ok().json(FinancialPeriod {
        period_hours: hours,
        total_revenue: sides.total_deposits - sides.total_withdrawals,
        deposit_count: sides.deposit_count,
        avg_deposit: rounded(sides.total_deposits / sides.deposit_count.max(1) as f64),
        withdrawal_count: sides.withdrawal_count,
        avg_withdrawal: rounded(sides.total_withdrawals / sides.withdrawal_count.max(1) as f64),
        total_deposits: sides.total_deposits,
        total_withdrawals: sides.total_withdrawals,
    }))
}

fn sides() -> Document {
    let of = |kind: &str, value: Bson| doc! { "$sum": { "$cond": [{ "$eq": ["$type", kind] }, value, 0] } };
    doc! {
        "deposit_count": of("LOSS", 1.into()),
        "total_deposits": of("LOSS", "$amount".into()),
        "withdrawal_count": of("WIN", 1.into()),
        "total_withdrawals": of("WIN", "$amount".into()),
    }
}

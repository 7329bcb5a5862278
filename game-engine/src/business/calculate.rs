//! A spin, as the players make it: `POST /calculate`. Its outcome is stored and published; neither may keep the player
//! from it.

use std::time::Instant;

use actix_web::{HttpResponse, web};
use broker::Publisher;
use scenario::read;
use sentry_context::failure::Failure;
use sentry_context::metrics::Unit;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, contexts, facts, metrics, request, spawn};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::domain::payout::Flags;
use crate::domain::played::Game;
use crate::domain::rolling::Rolling;
use crate::domain::spin::Spin;
use crate::domain::unstored::{GameStore, Stored};
use crate::domain::{audit, spin};
use crate::error::GameError;

/// More than anybody bets.
const MOST: f64 = 1e6;

/// What a caller sends.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Asked {
    #[validate(length(min = 1, max = 128, message = "must have from 1 to 128 characters"))]
    user_id: String,
    #[validate(range(
        exclusive_min = 0.0,
        max = MOST,
        message = "must be a number above 0, up to 1000000"
    ))]
    bet: f64,
    // The only one of them that was never in camel case.
    #[serde(default, rename = "cpu_intensive")]
    cpu_intensive: bool,
}

pub(crate) async fn calculate(
    body: web::Json<Value>,
    games: web::Data<GameStore>,
    publisher: web::Data<Publisher>,
    flags: web::Data<Flags>,
    rolling: web::Data<Rolling>,
) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    let data = facts([("user_id", asked.user_id.as_str().into()), ("bet", asked.bet.into())]);
    contexts::set("game", data.clone());
    breadcrumbs::step("game", "calculating a spin", data);
    if asked.cpu_intensive {
        spawn::blocking(audit::run).await.map_err(|lost| GameError::WorkLost(lost.into()))?;
    }
    let outcome = turn_the_reels(asked.bet, **flags);
    let game = Game::new(asked.user_id, asked.bet, outcome.clone());
    account(&rolling, asked.bet, &outcome, game.timestamp());
    let message = game.message();
    store(&games, game).await;
    publisher.publish("game.result", message);
    Ok(HttpResponse::Ok().json(json!({
        "win": outcome.win,
        "payout": outcome.payout,
        "symbols": outcome.symbols,
    })))
}

fn turn_the_reels(bet: f64, flags: Flags) -> Spin {
    let step = Step::silent("game.rng", "turn the reels");
    let outcome = spin::spin(bet, flags.paytable(), &mut rand::rng());
    step.set("win", outcome.win.into());
    outcome
}

/// What the spin adds to the figures of the business.
fn account(rolling: &Rolling, bet: f64, outcome: &Spin, timestamp: f64) {
    let won = if outcome.win { "win" } else { "loss" };
    request::measure("game.bet_amount", bet, "none");
    request::measure("game.payout", outcome.payout, "none");
    metrics::add("games.played", 1.0, Some(("outcome", won)));
    metrics::add("business.bet_volume", bet, None);
    metrics::add("business.payout_volume", outcome.payout, None);
    if let Some(percent) = rolling.add(timestamp, bet, outcome.payout, Instant::now()) {
        metrics::gauge("business.rtp.rolling_24h", percent, Some(Unit::Percent));
    }
}

/// The spin counts, stored or not: the span says.
async fn store(games: &GameStore, game: Game) {
    let step = Step::silent("function", "store the game");
    let stored = games.store(game).await;
    let said = match stored {
        Stored::Now => "yes",
        Stored::Later => "later",
        Stored::Never => "no",
    };
    request::tag("game.stored", said);
    step.set("stored", (stored == Stored::Now).into());
    step.set("waits", (stored == Stored::Later).into());
    step.set_status(if stored == Stored::Now { SpanStatus::Ok } else { SpanStatus::Unavailable });
    drop(step);
    if stored != Stored::Now {
        breadcrumbs::warning("game", "the game was not stored", facts([("stored", said.into())]));
    }
}

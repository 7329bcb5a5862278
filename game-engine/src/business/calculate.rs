//! A spin, as the players make it: `POST /calculate`. Its outcome is stored and published; neither may keep the player
//! from it.

use actix_web::{HttpResponse, web};
use broker::Publisher;
use scenario::read;
use sentry_context::failure::Failure;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::{breadcrumbs, contexts, facts, metrics, request, spawn};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::domain::played::Game;
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
) -> Result<HttpResponse, Failure> {
    let asked: Asked = read(body.into_inner())?;
    let data = facts([("user_id", asked.user_id.as_str().into()), ("bet", asked.bet.into())]);
    breadcrumbs::step("game", "calculating a spin", data.clone());
    contexts::set("game", data);
    if asked.cpu_intensive {
        spawn::blocking(audit::run).await.map_err(|lost| GameError::WorkLost(lost.into()))?;
    }
    let outcome = spin::spin(asked.bet, &mut rand::rng());
    metrics::count("games.played", &[("outcome", if outcome.win { "win" } else { "loss" })]);
    let game = Game::new(asked.user_id, asked.bet, outcome.clone());
    let message = game.message();
    store(&games, game).await;
    publisher.publish("game.result", message);
    Ok(HttpResponse::Ok().json(json!({
        "win": outcome.win,
        "payout": outcome.payout,
        "symbols": outcome.symbols,
    })))
}

/// The spin counts, stored or not: the span says.
async fn store(games: &GameStore, game: Game) {
    let span = request::child("function", "store the game");
    let stored = games.store(game).await;
    let said = match stored {
        Stored::Now => "yes",
        Stored::Later => "later",
        Stored::Never => "no",
    };
    request::tag("game.stored", said);
    if let Some(span) = span {
        span.set_data("stored", (stored == Stored::Now).into());
        span.set_data("waits", (stored == Stored::Later).into());
        span.set_status(if stored == Stored::Now { SpanStatus::Ok } else { SpanStatus::Unavailable });
        span.finish();
    }
    if stored != Stored::Now {
        breadcrumbs::warning("game", "the game was not stored", facts([("stored", said.into())]));
    }
}

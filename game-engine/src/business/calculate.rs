//! A spin, as the players make it: `POST /calculate`. Its outcome is stored and published; neither may keep the player
//! from it.

use actix_web::{HttpResponse, web};
use broker::Publisher;
use scenario::read;
use sentry_context::database::{Database, State};
use sentry_context::failure::Failure;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::{breadcrumbs, contexts, facts, metrics, request, spawn};
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::domain::played::Game;
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
    database: web::Data<Database>,
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
    store(&database, &game).await;
    publisher.publish("game.result", game.message());
    Ok(HttpResponse::Ok().json(json!({
        "win": outcome.win,
        "payout": outcome.payout,
        "symbols": outcome.symbols,
    })))
}

/// The spin counts, stored or not: the span tells.
async fn store(database: &Database, game: &Game) {
    let span = request::span().map(|parent| parent.start_child("function", "store the game"));
    // Nobody waits for a server that is known to be away; the driver goes on looking for it.
    let stored = match database.state() {
        State::Down => Err("no database is reached".to_owned()),
        _ => game.store(database).await.map_err(|error| error.to_string()),
    };
    request::tag("game.stored", if stored.is_ok() { "yes" } else { "no" });
    if let Some(span) = span {
        span.set_data("stored", stored.is_ok().into());
        span.set_status(if stored.is_ok() { SpanStatus::Ok } else { SpanStatus::Unavailable });
        span.finish();
    }
    if let Err(why) = stored {
        breadcrumbs::warning("game", "the game was not stored", facts([("why", why.into())]));
    }
}

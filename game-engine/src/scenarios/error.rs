//! Six typed errors, each from a real failure of its kind in the game's code.
//!
//! Look for six issues, one per type; for the cause below the error (`ParseFloatError`, serde's own) where there is
//! one; and for the game's own error, which is grouped by its code and brings its context.

use actix_web::{HttpResponse, web};
use scenario::{Event, Expect, Method, Parameter, Scenario};
use sentry_context::failure::Failure;
use sentry_context::report::Reportable;
use sentry_context::{Facts, facts};
use serde_json::json;

use crate::domain::{games, jackpot, player, reels, rtp, wager};

/// One of the six; they differ in the word in the path and in what comes of it.
const fn error(
    name: &'static str,
    title: &'static str,
    parameters: &'static [&'static Parameter],
    event: Event,
) -> Scenario {
    Scenario {
        name,
        method: Method::Get,
        path: "/debug/error/{type}",
        title,
        demonstrates: "a typed error with its cause chain and the stack of its origin",
        look_for: "an issue of its own; the top frame in the domain module that failed; the cause below the error",
        parameters,
        expect: Expect::event(500, event),
        route: |route| route.to(fail),
        ..Scenario::PLAIN
    }
}

const fn event(
    ty: &'static str,
    fingerprint: &'static [&'static str],
    breadcrumbs: &'static [&'static str],
    contexts: &'static [&'static str],
) -> Event {
    Event::error(ty, fingerprint).breadcrumbs(breadcrumbs).contexts(contexts)
}

static WORD_VALUE: Parameter = Parameter::word("type", "value");
pub(super) static VALUE: Scenario = error(
    "error-value",
    "A stake that is not a number",
    &[&WORD_VALUE],
    event("ValueError", &["game-engine", "ValueError"], &["request", "wager"], &["wager"]),
);

static WORD_TYPE: Parameter = Parameter::word("type", "type");
pub(super) static TYPE: Scenario = error(
    "error-type",
    "A stored profile of an unexpected shape",
    &[&WORD_TYPE],
    event("TypeError", &["game-engine", "TypeError"], &["request", "player"], &["player_profile"]),
);

static WORD_INDEX: Parameter = Parameter::word("type", "index");
pub(super) static INDEX: Scenario = error(
    "error-index",
    "A reel that stops beyond its strip",
    &[&WORD_INDEX],
    event("IndexError", &["game-engine", "IndexError"], &["request", "reels"], &["reel"]),
);

static WORD_KEY: Parameter = Parameter::word("type", "key");
pub(super) static KEY: Scenario = error(
    "error-key",
    "A game that nobody configured",
    &[&WORD_KEY],
    event("KeyError", &["game-engine", "KeyError"], &["request", "games"], &["game_lookup"]),
);

static WORD_ZERO: Parameter = Parameter::word("type", "zero");
pub(super) static ZERO: Scenario = error(
    "error-zero",
    "Return to player without any bets",
    &[&WORD_ZERO],
    event("ZeroDivisionError", &["game-engine", "ZeroDivisionError"], &["request", "rtp"], &["rtp"]),
);

static WORD_CUSTOM: Parameter = Parameter::word("type", "custom");
pub(super) static CUSTOM: Scenario = error(
    "error-custom",
    "A jackpot that the pool cannot pay",
    &[&WORD_CUSTOM],
    event("GameEngineError", &["game-engine", "GAME_001"], &["request", "jackpot"], &["game_engine_error"]),
);

async fn fail(kind: web::Path<String>) -> Result<HttpResponse, Failure> {
    // Other requests run on this worker in between, as while a real handler waits for its database.
    tokio::task::yield_now().await;
    let outcome = match kind.as_str() {
        "value" => json!(wager::take("ten")?),
        "type" => json!(player::welcome(r#"{"loyalty_level":"gold"}"#)?),
        "index" => json!(reels::line([4, 1, 17])?),
        "key" => json!(games::open("lucky-sevens")?),
        "zero" => json!(rtp::close_shift(12_300, &[])?),
        "custom" => json!(jackpot::settle("grand", 1_000_000)?),
        _ => return Err(UnknownError { asked: kind.chars().take(40).collect() }.into()),
    };
    Ok(HttpResponse::Ok().json(outcome))
}

/// An error that the scenario cannot make.
#[derive(Debug, thiserror::Error)]
#[error("there is no error `{asked}` to make")]
struct UnknownError {
    asked: String,
}

impl Reportable for UnknownError {
    fn type_name(&self) -> &'static str {
        "UnknownErrorType"
    }

    fn status(&self) -> u16 {
        400
    }

    fn answer(&self) -> Facts {
        let words = super::CATALOGUE.words_of(&VALUE);
        facts([("allowed", words.into())])
    }
}

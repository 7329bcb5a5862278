//! Reel strips: the order of symbols on each reel, and the threads that load them.

use sentry_context::sentry::types::Uuid;
use sentry_context::step::Step;
use sentry_context::{facts, sentry, spawn};

use crate::domain::wager;
use crate::error::{GameError, Result};

/// The symbols of a reel, in their order.
pub(super) const STRIP: [&str; 6] = ["🍒", "🍋", "🍊", "🍇", "⭐", "💎"];

/// Weights of three strips as the configuration has them. The second has a typing mistake.
const WEIGHTS: [&str; 3] = ["0.30", "O.25", "0.20"];

/// The line that the reels show: where each of them stopped.
pub fn line(stops: [usize; 3]) -> Result<Vec<&'static str>> {
    let _line = Step::silent("function", "read the line");
    stops.into_iter().enumerate().map(|(reel, stop)| symbol_at(reel, stop)).collect()
}

/// The symbol at which a reel stopped.
pub fn symbol_at(reel: usize, stop: usize) -> Result<&'static str> {
    let message = format!("reel {reel} stopped at {stop}");
    let _step = Step::begin("reels", &message, facts([("reel", reel.into()), ("stop", stop.into())]));
    let len = STRIP.len();
    Ok(STRIP.get(stop).ok_or(GameError::StopBeyondStrip { reel, stop, len })?)
}

/// How loading the strips went.
#[derive(Debug)]
pub struct Loaded {
    /// Threads started.
    pub created: usize,
    /// Threads whose strip was unusable: the event of each; `None` if Sentry is off.
    pub failed: Vec<Option<Uuid>>,
}

/// Loads the strips, a thread each. A thread that fails reports by itself: nobody else knows its stack.
pub fn load_strips() -> std::io::Result<Loaded> {
    let threads = facts([("threads", WEIGHTS.len().into())]);
    let _step = Step::begin("reels", "loading the reel strips, a thread each", threads);
    let start = |(index, weight): (usize, &'static str)| {
        let number = index + 1;
        spawn::thread(format!("reel-strip-{number}"), move || load_strip(number, weight))
    };
    let threads: Vec<_> = WEIGHTS.into_iter().enumerate().map(start).collect::<std::io::Result<_>>()?;
    let created = threads.len();
    // A thread that panicked has been reported by the panic hook.
    let ends = threads.into_iter().map(|thread| thread.join().unwrap_or(Err(None)));
    Ok(Loaded { created, failed: ends.filter_map(|end| end.err()).collect() })
}

/// The failure's event, if it failed.
fn load_strip(number: usize, weight: &str) -> std::result::Result<f64, Option<Uuid>> {
    sentry::configure_scope(|scope| scope.set_tag("thread.id", number));
    wager::parse_stake(weight).map_err(|error| error.report())
}

//! The exchange and the queues by which the services exchange messages.

use broker::{Queue, Topology};

/// Games that game-engine has played.
pub const GAME_RESULTS: Queue = Queue { name: "analytics.game_results", binding: "game.result" };

/// Payments that the payment service has booked.
pub const PAYMENTS: Queue = Queue { name: "analytics.payments", binding: "payment.*" };

/// What every service declares on the broker, whichever connects first.
pub static TOPOLOGY: Topology = Topology {
    exchange: "gaming",
    queues: &[GAME_RESULTS, PAYMENTS],
    dead_letters: "analytics.dead_letters",
};

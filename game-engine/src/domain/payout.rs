//! What a winning spin pays: by the paytable in use, or by the new one.

use std::collections::HashMap;
use std::sync::LazyLock;

use sentry_context::{breadcrumbs, contexts, facts, flags};

use super::symbol::Symbol;

/// The flag that switches the new paytable on.
const FLAG: &str = "new_paytable";

/// What three of a symbol pay by the new paytable, times the bet. It was made when cherries were to leave the reels; they
/// stayed.
static NEW: LazyLock<HashMap<&str, f64>> =
    LazyLock::new(|| HashMap::from([("🍋", 3.0), ("🍊", 4.0), ("🍇", 5.0), ("⭐", 12.0), ("💎", 25.0)]));

/// Which paytable is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paytable {
    /// The one that all symbols have their multiplier in.
    #[default]
    Proven,
    /// The one of release 1.1.0.
    New,
}

/// The feature flags of the game.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags {
    /// Whether wins are paid by the new paytable.
    pub new_paytable: bool,
}

impl Flags {
    /// The paytable for a spin. Events say how the flag was evaluated.
    pub fn paytable(self) -> Paytable {
        flags::evaluated(FLAG, self.new_paytable);
        if self.new_paytable { Paytable::New } else { Paytable::Proven }
    }
}

impl Paytable {
    /// What three of a symbol pay, times the bet.
    ///
    /// # Panics
    /// When the paytable has no multiplier for the symbol.
    pub fn multiplier(self, symbol: &Symbol) -> f64 {
        match self {
            Self::Proven => symbol.multiplier,
            Self::New => new_multiplier(symbol.face),
        }
    }
}

#[inline(never)]
fn new_multiplier(face: &str) -> f64 {
    let data = facts([("paytable", FLAG.into()), ("symbol", face.into()), ("rows", NEW.len().into())]);
    contexts::set("paytable", data.clone());
    breadcrumbs::step("paytable", "looking up the multiplier in the new paytable", data);
    NEW[face]
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::domain::symbol::SYMBOLS;

    #[test]
    fn the_new_paytable_has_no_multiplier_for_one_symbol() {
        let fails = |symbol: &&Symbol| catch_unwind(|| Paytable::New.multiplier(symbol)).is_err();
        let failing: Vec<_> = SYMBOLS.iter().filter(fails).map(|symbol| symbol.face).collect();
        assert_eq!(failing, ["🍒"]);
    }

    #[test]
    fn no_flag_is_on_by_default() {
        assert_eq!(Flags::default().paytable(), Paytable::Proven);
    }
}

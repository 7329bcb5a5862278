//! A spin of the reels: by chance, with a return to player of 90 %.

use std::sync::LazyLock;

use rand::RngExt;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;

use super::payout::Paytable;
use super::symbol::{SYMBOLS, Symbol};

/// What is paid back in the long run, of all that is bet.
pub const RETURN_TO_PLAYER: f64 = 0.90;

/// The outcome of a spin.
#[derive(Debug, Clone, PartialEq)]
pub struct Spin {
    /// Whether three are alike.
    pub win: bool,
    /// What is paid: 0 unless it won.
    pub payout: f64,
    /// What the reels show.
    pub symbols: [&'static str; 3],
}

/// How often a spin wins: a win pays the mean multiplier.
pub fn win_probability() -> f64 {
    let mean: f64 = SYMBOLS.iter().map(|symbol| symbol.weight * symbol.multiplier).sum();
    RETURN_TO_PLAYER / mean
}

/// Spins, and pays a win by that paytable.
///
/// # Panics
/// When the paytable has no multiplier for the symbol that won.
pub fn spin(bet: f64, paytable: Paytable, random: &mut impl RngExt) -> Spin {
    static WIN: LazyLock<f64> = LazyLock::new(win_probability);
    static WINNING: LazyLock<Option<WeightedIndex<f64>>> =
        LazyLock::new(|| WeightedIndex::new(SYMBOLS.iter().map(|symbol| symbol.weight)).ok());
    static LOSING: LazyLock<Option<WeightedIndex<f64>>> =
        LazyLock::new(|| WeightedIndex::new(losing_weights()).ok());

    if random.random_bool(*WIN) {
        let symbol = draw(&WINNING, random);
        let payout = bet * paytable.multiplier(symbol);
        return Spin { win: true, payout, symbols: [symbol.face; 3] };
    }
    loop {
        let symbols = [(); 3].map(|()| draw(&LOSING, random).face);
        if symbols != [symbols[0]; 3] {
            return Spin { win: false, payout: 0.0, symbols };
        }
    }
}

fn draw(weights: &Option<WeightedIndex<f64>>, random: &mut impl RngExt) -> &'static Symbol {
    &SYMBOLS[weights.as_ref().map_or(0, |weights| weights.sample(random))]
}

/// Where three alike are drawn anew, frequent symbols lose most. These weights make up for it, so that losing spins show
/// each symbol as often as it should be: `w (1 - w²) / (1 - Σ w³)` is its part of them.
fn losing_weights() -> [f64; 6] {
    let wanted = SYMBOLS.each_ref().map(|symbol| symbol.weight);
    let mut weights = wanted;
    // Each round comes ten times closer.
    for _ in 0..20 {
        let mixed: f64 = 1.0 - weights.iter().map(|weight| weight.powi(3)).sum::<f64>();
        for (weight, wanted) in weights.iter_mut().zip(wanted) {
            *weight = wanted * mixed / (1.0 - weight.powi(2));
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_hundred_thousand_spins_pay_back_what_is_claimed() {
        let mut random = StdRng::seed_from_u64(20_261_124);
        let spins: Vec<_> = (0..100_000).map(|_| spin(2.0, Paytable::Proven, &mut random)).collect();
        let total = spins.len() as f64;
        let wins = spins.iter().filter(|spin| spin.win).count() as f64 / total;
        assert!((wins - 0.2195).abs() < 0.005, "wins: {wins}");
        let returned = spins.iter().map(|spin| spin.payout).sum::<f64>() / (2.0 * total);
        assert!((returned - 0.90).abs() < 0.02, "return to player: {returned}");

        let mut shown: HashMap<&str, f64> = HashMap::new();
        for spin in &spins {
            let alike = spin.symbols == [spin.symbols[0]; 3];
            assert_eq!((alike, spin.payout > 0.0), (spin.win, spin.win), "{spin:?}");
            spin.symbols.iter().for_each(|face| *shown.entry(face).or_default() += 1.0);
        }
        for Symbol { face, weight, .. } in &SYMBOLS {
            let share = shown[face] / (3.0 * total);
            assert!((share - weight).abs() < 0.01, "{face}: {share}, not {weight}");
        }
    }
}

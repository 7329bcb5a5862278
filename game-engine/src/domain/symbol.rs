//! What the reels show.

/// A symbol.
#[derive(Debug, PartialEq)]
pub struct Symbol {
    /// How it looks.
    pub face: &'static str,
    /// Its part of all symbols.
    pub weight: f64,
    /// What three of it pay, times the bet.
    pub multiplier: f64,
}

/// All symbols.
pub static SYMBOLS: [Symbol; 6] = [
    Symbol { face: "🍒", weight: 0.30, multiplier: 2.0 },
    Symbol { face: "🍋", weight: 0.25, multiplier: 3.0 },
    Symbol { face: "🍊", weight: 0.20, multiplier: 4.0 },
    Symbol { face: "🍇", weight: 0.15, multiplier: 5.0 },
    Symbol { face: "⭐", weight: 0.08, multiplier: 10.0 },
    Symbol { face: "💎", weight: 0.02, multiplier: 20.0 },
];

//! Who plays: few play much, many play little, following Zipf's law.

use std::sync::LazyLock;

use rand::RngExt;
use rand::distr::weighted::WeightedIndex;

/// The exponent of the law.
const EXPONENT: f64 = 1.1;

/// The most eager one first.
const NAMES: [&str; 60] = [
    "ada",
    "grace",
    "alan",
    "edsger",
    "barbara",
    "donald",
    "margaret",
    "dennis",
    "ken",
    "katherine",
    "tony",
    "hedy",
    "linus",
    "radia",
    "niklaus",
    "frances",
    "john",
    "shafi",
    "leslie",
    "jean",
    "claude",
    "anita",
    "robin",
    "mary",
    "tim",
    "karen",
    "guido",
    "sophie",
    "bjarne",
    "adele",
    "james",
    "evelyn",
    "larry",
    "annie",
    "yukihiro",
    "joan",
    "brian",
    "lynn",
    "rob",
    "betty",
    "simon",
    "kathleen",
    "philip",
    "ida",
    "joe",
    "erna",
    "mike",
    "rosa",
    "peter",
    "thelma",
    "kurt",
    "stella",
    "emil",
    "vera",
    "oskar",
    "mira",
    "felix",
    "nora",
    "paul",
    "zoe",
];

/// A player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player {
    /// Their name, which is their id too.
    pub name: &'static str,
}

/// The player of the next visit.
pub fn next() -> Player {
    static LAW: LazyLock<Option<WeightedIndex<f64>>> = LazyLock::new(|| {
        WeightedIndex::new((1..=NAMES.len()).map(|rank| (rank as f64).powf(-EXPONENT))).ok()
    });
    let rank = LAW.as_ref().map_or(0, |law| rand::rng().sample(law));
    Player { name: NAMES[rank] }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_first_plays_most_and_the_last_plays_too() {
        let mut visits: HashMap<&str, u32> = HashMap::new();
        (0..100_000).for_each(|_| *visits.entry(next().name).or_default() += 1);
        assert_eq!(visits.len(), NAMES.len());
        assert!(visits["ada"] > 10 * visits["zoe"], "{visits:?}");
    }
}

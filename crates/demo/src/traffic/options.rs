//! How many visits of which kind.

use clap::Args;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// What a player does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Plays a round.
    Round,
    /// Looks at figures.
    Look,
    /// Mistypes a bet.
    Mistake,
    /// Hangs up before the answer.
    HangUp,
    /// Meets a scenario.
    Scenario,
}

/// Least and largest number of visits a second.
pub const RATE: (f64, f64) = (0.1, 200.0);

/// Shortest and longest time, seconds.
pub const SECONDS: (f64, f64) = (1.0, 3600.0);

/// How often which visit is made, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Visits a second, from 0.1 to 200; fewer where answers are slow.
    #[arg(long, default_value_t = Options::default().rate, value_name = "VISITS")]
    pub rate: f64,
    /// For how many seconds, from 1 to 3600.
    #[arg(long = "for", default_value_t = Options::default().seconds, value_name = "SECONDS")]
    pub seconds: f64,
    /// Share of visits that look at figures, from 0 to 1. What is left of 1 plays rounds.
    #[arg(long, default_value_t = Options::default().looks, value_name = "SHARE")]
    pub looks: f64,
    /// Share of visits with a mistyped bet.
    #[arg(long, default_value_t = Options::default().mistakes, value_name = "SHARE")]
    pub mistakes: f64,
    /// Share of visits that hang up before the answer.
    #[arg(long, default_value_t = Options::default().hang_ups, value_name = "SHARE")]
    pub hang_ups: f64,
    /// Share of visits that meet a scenario.
    #[arg(long, default_value_t = Options::default().scenarios, value_name = "SHARE")]
    pub scenarios: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { rate: 5.0, seconds: 300.0, looks: 0.1, mistakes: 0.03, hang_ups: 0.02, scenarios: 0.01 }
    }
}

/// Options that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadOptions {
    /// A number beyond its bounds.
    #[error("{name} must be a number from {min} to {max}")]
    OutOfBounds {
        /// Which.
        name: &'static str,
        /// Least allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// More than all visits.
    #[error("the shares must not add up to more than 1")]
    Shares,
}

impl Options {
    /// The same, if every number is within its bounds.
    pub fn checked(self) -> Result<Self, BadOptions> {
        let within = |name, number: f64, (min, max): (f64, f64)| {
            if (min..=max).contains(&number) {
                Ok(())
            } else {
                Err(BadOptions::OutOfBounds { name, min, max })
            }
        };
        within("rate", self.rate, RATE)?;
        within("seconds", self.seconds, SECONDS)?;
        for (name, share) in self.shares() {
            within(name, share, (0.0, 1.0))?;
        }
        let all: f64 = self.shares().iter().map(|(_, share)| share).sum();
        // Sums of decimal fractions are not exact.
        if all > 1.0 + 1e-9 { Err(BadOptions::Shares) } else { Ok(self) }
    }

    fn shares(&self) -> [(&'static str, f64); 4] {
        [
            ("looks", self.looks),
            ("mistakes", self.mistakes),
            ("hang_ups", self.hang_ups),
            ("scenarios", self.scenarios),
        ]
    }

    /// What the next player does.
    pub fn choose(&self) -> Kind {
        self.kind_of(rand::rng().random())
    }

    /// What a number from 0 to 1 means.
    fn kind_of(&self, mut number: f64) -> Kind {
        let kinds = [Kind::Look, Kind::Mistake, Kind::HangUp, Kind::Scenario];
        for (kind, (_, share)) in kinds.into_iter().zip(self.shares()) {
            if number < share {
                return kind;
            }
            number -= share;
        }
        Kind::Round
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_say_what_players_do() {
        let options =
            Options { looks: 0.25, mistakes: 0.25, hang_ups: 0.25, scenarios: 0.125, ..Options::default() };
        let kinds = [0.0, 0.24, 0.25, 0.5, 0.75, 0.9].map(|number| options.kind_of(number));
        assert_eq!(kinds, [Kind::Look, Kind::Look, Kind::Mistake, Kind::HangUp, Kind::Scenario, Kind::Round]);
    }

    #[test]
    fn numbers_beyond_their_bounds_are_refused_by_name() {
        let usual = Options::default();
        assert_eq!(usual.checked(), Ok(usual));
        for (name, options) in [
            ("rate", Options { rate: 0.0, ..usual }),
            ("rate", Options { rate: f64::NAN, ..usual }),
            ("rate", Options { rate: 201.0, ..usual }),
            ("seconds", Options { seconds: f64::INFINITY, ..usual }),
            ("looks", Options { looks: -0.1, ..usual }),
            ("scenarios", Options { scenarios: 1.1, ..usual }),
        ] {
            let refused = options.checked().unwrap_err();
            assert!(refused.to_string().starts_with(name), "{refused}");
        }
        let shares = Options { looks: 0.6, mistakes: 0.6, ..usual };
        assert_eq!(shares.checked(), Err(BadOptions::Shares));
    }
}

//! Money: whole cents inside, doubles at the edge.
//!
//! JSON, the collection `users` and the rows of `transactions` hold amounts as doubles, because the services beside
//! this one read doubles there. A double is read into cents once, where it enters, and written back once, where it
//! leaves: no sum is ever made of doubles, so nothing drifts.

use database::mongodb::bson::Bson;

/// An amount of money, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The largest amount that is read, in either direction, as a double: ten trillion. A cent is still forty times
    /// the distance between two doubles there, so that every amount has a double of its own.
    pub const MAX: f64 = 1e13;

    /// So many cents.
    pub const fn cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount nearest to a double; a tie goes to the even cent. `None` for what is no number, or beyond
    /// [`Money::MAX`].
    pub fn read(amount: f64) -> Option<Self> {
        (-Self::MAX..=Self::MAX).contains(&amount).then(|| Self((amount * 100.0).round_ties_even() as i64))
    }

    /// An amount as documents hold it: a double, or a whole number of either size.
    pub fn of_bson(value: &Bson) -> Option<Self> {
        match value {
            Bson::Double(amount) => Self::read(*amount),
            Bson::Int32(amount) => Self::read(f64::from(*amount)),
            Bson::Int64(amount) => Self::read(*amount as f64),
            _ => None,
        }
    }

    /// The double nearest to it.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// In cents.
    pub fn as_cents(self) -> i64 {
        self.0
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl std::ops::Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use database::mongodb::bson::Bson;
    use proptest::prelude::*;

    use super::Money;

    #[test]
    fn a_double_is_read_to_the_nearest_cent_and_a_tie_to_the_even_one() {
        for (amount, cents) in [
            (0.1 + 0.2, 30),
            (1_001.000_000_000_000_2, 100_100),
            (1e9, 100_000_000_000),
            (999_999_999.99, 99_999_999_999),
            (33.333, 3_333),
            (66.666, 6_667),
            (0.125, 12),
            (0.375, 38),
            (0.004, 0),
            (-0.0, 0),
            (-12.5, -1_250),
        ] {
            assert_eq!(Money::read(amount), Some(Money::cents(cents)), "{amount}");
        }
        for amount in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.000_1e13, -1e300] {
            assert_eq!(Money::read(amount), None, "{amount}");
        }
    }

    #[test]
    fn documents_hold_amounts_as_any_number() {
        for value in [Bson::Int32(1_000), Bson::Int64(1_000), Bson::Double(1_000.0)] {
            assert_eq!(Money::of_bson(&value), Some(Money::cents(100_000)), "{value}");
        }
        for value in [Bson::Null, Bson::String("1000".to_owned()), Bson::Int64(i64::MAX), Bson::Boolean(true)]
        {
            assert_eq!(Money::of_bson(&value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_survives_its_way_through_a_double(cents in -1_000_000_000_000_000_i64..=1_000_000_000_000_000) {
            prop_assert_eq!(Money::read(Money::cents(cents).as_f64()), Some(Money::cents(cents)));
        }

        #[test]
        fn fuzz_any_double_is_read_within_half_a_cent_or_not_at_all(amount in any::<f64>()) {
            match Money::read(amount) {
                Some(money) => prop_assert!((money.as_f64() - amount).abs() <= 0.005 + amount.abs() * f64::EPSILON),
                None => prop_assert!(amount.is_nan() || amount.abs() > Money::MAX),
            }
        }
    }
}

//! When a process is profiled, and the variable that says so.

use std::str::FromStr;

use crate::env::{Allowed, Shown, Variable};

pub(crate) static VARIABLE: Variable = Variable {
    name: "SENTRY_PROFILE_LIFECYCLE",
    about: "when those are profiled: `manual` is from start to end, `trace` is while a sampled transaction is open",
    default: Some("manual"),
    allowed: Allowed::OneOf(&["manual", "trace"]),
    shown: Shown::Whole,
};

/// When a process is profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifecycle {
    /// From its start to its end.
    #[default]
    Manual,
    /// While a sampled transaction is open.
    Trace,
}

impl FromStr for Lifecycle {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "manual" => Ok(Self::Manual),
            "trace" => Ok(Self::Trace),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifecycle_has_two_names() {
        assert_eq!("manual".parse(), Ok(Lifecycle::Manual));
        assert_eq!("trace".parse(), Ok(Lifecycle::Trace));
        for wrong in ["", "Trace", "traces", " manual"] {
            assert_eq!(wrong.parse::<Lifecycle>(), Err(()), "{wrong}");
        }
    }
}

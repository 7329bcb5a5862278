//! Figures of the business, and what each is when all is well. The three services share them: a figure out of its range
//! is one issue, whoever computed it and whatever its value.

use std::ops::RangeInclusive;

use sentry_context::metrics::{self, Unit};
use sentry_context::sentry::Level;
use sentry_context::step::Step;
use sentry_context::{facts, limit, report};
use serde::Deserialize;
use validator::Validate;

/// What a caller of a route asks for that shows figures out of their range.
#[derive(Debug, Deserialize, Validate)]
pub struct Asked {
    /// Which figures.
    #[serde(default)]
    #[validate(length(max = 128, message = "must have at most 128 characters"))]
    pub scenario: String,
}

impl Asked {
    /// Begins the computation, as a step of the request.
    pub fn begin(&self, computing: &str) -> Step {
        Step::begin("business", computing, facts([("scenario", self.scenario.as_str().into())]))
    }
}

/// A figure, and what it is when all is well.
#[derive(Debug)]
pub struct Figure {
    /// The name of its context, and the tag `error.type` of its warnings.
    name: &'static str,
    /// As a metric in Sentry.
    metric: &'static str,
    unit: Option<Unit>,
    title: &'static str,
    normal: RangeInclusive<f64>,
}

/// Return to player: what was paid out of what was bet.
pub static RTP: Figure = Figure {
    name: "rtp",
    metric: "business.rtp",
    unit: Some(Unit::Percent),
    title: "Return to player (%)",
    normal: 85.0..=98.0,
};

/// Games that were won.
pub static WIN_RATE: Figure = Figure {
    name: "win_rate",
    metric: "business.win_rate",
    unit: Some(Unit::Percent),
    title: "Win rate (%)",
    normal: 20.0..=50.0,
};

/// Players at once.
pub static SESSIONS: Figure = Figure {
    name: "active_sessions",
    metric: "business.active_sessions",
    unit: None,
    title: "Active sessions",
    normal: 0.0..=1_000.0,
};

/// Payments that succeeded.
pub static PAYMENT_SUCCESS: Figure = Figure {
    name: "payment_success",
    metric: "business.payment.success_rate",
    unit: Some(Unit::Percent),
    title: "Payment success rate (%)",
    normal: 95.0..=100.0,
};

/// What the house keeps.
pub static REVENUE: Figure = Figure {
    name: "revenue",
    metric: "business.revenue.net",
    unit: None,
    title: "Net revenue",
    normal: 0.0..=f64::MAX,
};

impl Figure {
    /// What it is when all is well.
    pub fn normal(&self) -> (f64, f64) {
        (*self.normal.start(), *self.normal.end())
    }

    /// Is that value what it is when all is well?
    pub fn is_normal(&self, value: f64) -> bool {
        self.normal.contains(&value)
    }

    /// Sends the value as a metric, and a warning where it is out of range.
    pub fn report(&self, value: f64) {
        let step = Step::silent("function", "compare a figure with what is normal");
        step.set("figure", self.name.into());
        step.set("value", value.into());
        metrics::gauge(self.metric, value, self.unit.clone());
        if !self.is_normal(value) {
            self.warn(value, 1);
        }
    }

    /// The same for a figure that is asked for again and again, as by a dashboard: one warning a minute.
    pub fn observe(&self, value: f64) {
        metrics::gauge(self.metric, value, self.unit.clone());
        if !self.is_normal(value)
            && let Some(times) = limit::due(self.name, 1)
        {
            self.warn(value, times);
        }
    }

    /// The fingerprint rules know these messages by `outside of`.
    fn warn(&self, value: f64, times: u64) {
        let (min, max) = self.normal();
        let range = if max < f64::MAX { format!("{min} to {max}") } else { format!("{min} and more") };
        let text = format!("{} is {value}, outside of {range}", self.title);
        let max = (max < f64::MAX).then_some(max);
        let data = facts([
            ("value", value.into()),
            ("min", min.into()),
            ("max", max.into()),
            ("times", times.into()),
        ]);
        report::message(Level::Warning, text, (self.name, data));
    }
}

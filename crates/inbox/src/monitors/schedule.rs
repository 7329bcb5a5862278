//! When a job is expected, how late it may begin, and how long it may run, as
//! [Sentry](https://docs.sentry.io/product/crons/) reads the configuration of a monitor.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::Value;

use crate::text::{SHORT, clip};

/// Where the configuration names none, minutes: how late a job may begin, and how long it may run.
const MARGIN: f64 = 1.0;
const RUNTIME: f64 = 30.0;

/// The most of both, minutes: four weeks.
const MAX_MINUTES: f64 = 40_320.0;

/// The shortest and the longest interval, seconds and months.
const MIN_INTERVAL: f64 = 1.0;
const MAX_INTERVAL: f64 = 10.0 * 366.0 * 86_400.0;
const MAX_MONTHS: f64 = 120.0;

/// The configuration of a monitor.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    rule: Option<Rule>,
    zone: Option<TimeZone>,
    margin: Option<f64>,
    max_runtime: Option<f64>,
    /// Why the configuration does not say when the job runs, or not where.
    pub(super) fault: Option<String>,
}

#[derive(Debug, Clone)]
enum Rule {
    Crontab(Box<Cron>),
    /// So many seconds after the last check-in.
    Seconds(f64),
    /// So many months: these have different lengths.
    Months(i32),
}

impl Schedule {
    pub(super) fn read(config: &Value) -> Self {
        let (rule, mut fault) = match rule(&config["schedule"]) {
            Ok(rule) => (Some(rule), None),
            Err(fault) => (None, Some(fault)),
        };
        let mut zone = None;
        if let Some(name) = config["timezone"].as_str().filter(|name| !name.is_empty()) {
            zone = TimeZone::get(name).ok();
            if zone.is_none() {
                let unknown =
                    || format!("the time zone {} is not known: it counts as UTC", clip(name, SHORT));
                fault.get_or_insert_with(unknown);
            }
        }
        let minutes = |name: &str| config[name].as_f64().map(|it| it.clamp(0.0, MAX_MINUTES));
        Self { rule, zone, margin: minutes("checkin_margin"), max_runtime: minutes("max_runtime"), fault }
    }

    /// Seconds after which a job that has not begun is missed.
    pub(super) fn margin(&self) -> f64 {
        60.0 * self.margin.unwrap_or(MARGIN)
    }

    /// Seconds after which a job that has not ended has timed out.
    pub(super) fn max_runtime(&self) -> f64 {
        60.0 * self.max_runtime.unwrap_or(RUNTIME)
    }

    /// The time after this one at which the job is expected, both in seconds since 1970.
    pub(super) fn next(&self, after: f64) -> Option<f64> {
        let next = match self.rule.as_ref()? {
            Rule::Seconds(seconds) => after + seconds,
            Rule::Months(months) => seconds(&self.local(after)?.checked_add(months.months()).ok()?),
            Rule::Crontab(crontab) => {
                seconds(&crontab.find_next_occurrence(&self.local(after)?, false).ok()?)
            }
        };
        Some(next).filter(|next| *next > after)
    }

    fn local(&self, time: f64) -> Option<Zoned> {
        let at = Timestamp::from_microsecond((time * 1e6) as i64).ok()?;
        Some(at.to_zoned(self.zone.clone().unwrap_or(TimeZone::UTC)))
    }
}

fn seconds(time: &Zoned) -> f64 {
    time.timestamp().as_microsecond() as f64 / 1e6
}

fn rule(schedule: &Value) -> Result<Rule, String> {
    match schedule["type"].as_str() {
        Some("crontab") => {
            let crontab = schedule["value"].as_str().ok_or("the crontab is not a text")?;
            // Sentry's have five fields.
            let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
            let unreadable = |error| clip(&format!("the crontab cannot be read: {error}"), SHORT);
            parser.parse(crontab).map(|it| Rule::Crontab(Box::new(it))).map_err(unreadable)
        }
        Some("interval") => interval(schedule),
        Some(other) => {
            Err(format!("the type of the schedule is {}, not crontab or interval", clip(other, SHORT)))
        }
        None => Err("it has no schedule".to_owned()),
    }
}

fn interval(schedule: &Value) -> Result<Rule, String> {
    let value = schedule["value"].as_f64().filter(|value| *value > 0.0);
    let value = value.ok_or("the value of the interval is not a number above 0")?;
    let seconds = |unit: f64| Rule::Seconds((value * unit).clamp(MIN_INTERVAL, MAX_INTERVAL));
    let months = |unit: f64| Rule::Months((value * unit).ceil().min(MAX_MONTHS) as i32);
    match schedule["unit"].as_str() {
        Some("minute") => Ok(seconds(60.0)),
        Some("hour") => Ok(seconds(3_600.0)),
        Some("day") => Ok(seconds(86_400.0)),
        Some("week") => Ok(seconds(604_800.0)),
        Some("month") => Ok(months(1.0)),
        Some("year") => Ok(months(12.0)),
        _ => Err("the unit of the interval is not minute, hour, day, week, month or year".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::timestamp;

    fn at(time: &str) -> f64 {
        timestamp::seconds(&json!(time)).unwrap_or_else(|| panic!("{time}"))
    }

    /// The time at which a job with this schedule is expected, in UTC.
    fn expected(schedule: Value, zone: &str, after: &str) -> Option<f64> {
        let schedule = Schedule::read(&json!({ "schedule": schedule, "timezone": zone }));
        assert_eq!(schedule.fault, None);
        schedule.next(at(after))
    }

    fn crontab(value: &str, zone: &str, after: &str) -> Option<f64> {
        expected(json!({ "type": "crontab", "value": value }), zone, after)
    }

    #[test]
    fn a_crontab_names_the_next_time() {
        for (value, after, next) in [
            ("* * * * *", "2026-11-26T12:00:00Z", "2026-11-26T12:01:00Z"),
            ("* * * * *", "2026-11-26T12:00:59.9Z", "2026-11-26T12:01:00Z"),
            ("*/15 8-17 * * 1-5", "2026-11-27T17:50:00Z", "2026-11-30T08:00:00Z"),
            ("0 3 * * *", "2026-11-26T03:00:00Z", "2026-11-27T03:00:00Z"),
            ("30 4 1,15 * 5", "2026-11-26T00:00:00Z", "2026-11-27T04:30:00Z"),
            ("0 0 29 2 *", "2026-11-26T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 12 L * *", "2026-11-30T12:00:00Z", "2026-12-31T12:00:00Z"),
            ("0 9 * * MON#1", "2026-11-26T00:00:00Z", "2026-12-07T09:00:00Z"),
            ("0 0 * * 7", "2026-11-26T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("@hourly", "2026-11-26T12:34:00Z", "2026-11-26T13:00:00Z"),
            (" 5  4 *\t* * ", "2026-11-26T00:00:00Z", "2026-11-26T04:05:00Z"),
        ] {
            assert_eq!(crontab(value, "", after), Some(at(next)), "{value} after {after}");
        }
        assert_eq!(crontab("0 0 30 2 *", "", "2026-11-26T00:00:00Z"), None, "that day never comes");
    }

    #[test]
    fn a_crontab_is_in_the_time_of_its_zone() {
        for (zone, after, next) in [
            ("Europe/Vienna", "2026-11-26T00:00:00Z", "2026-11-26T01:30:00Z"),
            ("Europe/Vienna", "2026-07-01T01:00:00Z", "2026-07-02T00:30:00Z"),
            ("America/New_York", "2026-11-26T00:00:00Z", "2026-11-26T07:30:00Z"),
            // The clock goes from 2:00 to 3:00: the job runs when that hour is over.
            ("Europe/Vienna", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"),
            // It goes back from 3:00 to 2:00: the job runs once.
            ("Europe/Vienna", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            assert_eq!(crontab("30 2 * * *", zone, after), Some(at(next)), "{zone} after {after}");
        }
    }

    #[test]
    fn an_interval_counts_from_the_last_check_in() {
        let interval = |value: f64, unit: &str| {
            let schedule = json!({ "type": "interval", "value": value, "unit": unit });
            expected(schedule, "", "2027-01-31T12:00:30Z")
        };
        for (value, unit, next) in [
            (10.0, "minute", "2027-01-31T12:10:30Z"),
            (1.0, "hour", "2027-01-31T13:00:30Z"),
            (2.0, "day", "2027-02-02T12:00:30Z"),
            (1.0, "week", "2027-02-07T12:00:30Z"),
            (1.0, "month", "2027-02-28T12:00:30Z"),
            (1.0, "year", "2028-01-31T12:00:30Z"),
        ] {
            assert_eq!(interval(value, unit), Some(at(next)), "{value} {unit}");
        }
        assert_eq!(interval(1e-9, "minute"), Some(at("2027-01-31T12:00:31Z")), "a second at least");
        assert_eq!(interval(1e300, "year"), Some(at("2037-01-31T12:00:30Z")), "ten years at most");
    }

    #[test]
    fn what_cannot_be_read_has_a_reason_and_no_next_time() {
        for (schedule, reason) in [
            (json!({ "type": "crontab", "value": "61 * * * *" }), "the crontab cannot be read"),
            (json!({ "type": "crontab", "value": "* * * *" }), "the crontab cannot be read"),
            (json!({ "type": "crontab", "value": "0 * * * * *" }), "the crontab cannot be read"),
            (json!({ "type": "crontab", "value": 7 }), "the crontab is not a text"),
            (json!({ "type": "interval", "value": 0, "unit": "day" }), "not a number above 0"),
            (json!({ "type": "interval", "value": 1, "unit": "second" }), "the unit of the interval"),
            (json!({ "type": "moon" }), "the type of the schedule is moon"),
            (json!(null), "it has no schedule"),
        ] {
            let read = Schedule::read(&json!({ "schedule": schedule }));
            let fault = read.fault.clone().unwrap_or_default();
            assert!(fault.contains(reason), "{schedule}: {fault}");
            assert_eq!(read.next(0.0), None, "{schedule}");
        }
        let elsewhere =
            json!({ "schedule": { "type": "crontab", "value": "0 3 * * *" }, "timezone": "Mars/Olympus" });
        let elsewhere = Schedule::read(&elsewhere);
        assert!(elsewhere.fault.as_ref().is_some_and(|fault| fault.contains("Mars/Olympus")));
        assert_eq!(elsewhere.next(0.0), Some(3.0 * 3_600.0), "in UTC");
    }

    #[test]
    fn how_late_and_how_long_have_defaults_and_bounds() {
        let of = |margin: Value, runtime: Value| {
            let read = Schedule::read(&json!({ "checkin_margin": margin, "max_runtime": runtime }));
            [read.margin(), read.max_runtime()]
        };
        assert_eq!(of(json!(null), json!("5")), [60.0, 1_800.0]);
        assert_eq!(of(json!(5), json!(0.5)), [300.0, 30.0]);
        assert_eq!(of(json!(-5), json!(1e300)), [0.0, 60.0 * MAX_MINUTES]);
    }

    proptest! {
        #[test]
        fn fuzz_any_crontab_is_read_or_refused_and_its_next_time_comes_later(
            value in prop_oneof!["[-0-9*/,?LW#+ A-Z@]{0,60}", "([-0-9*/,L#]{1,6} ){4}[-0-9*/,L#]{1,6}"],
            zone in prop_oneof![Just("UTC"), Just("Europe/Vienna"), Just("Australia/Lord_Howe"), Just("x")],
            after in 0.0..4e9,
        ) {
            let config = json!({ "schedule": { "type": "crontab", "value": value }, "timezone": zone });
            let next = Schedule::read(&config).next(after);
            prop_assert!(next.is_none_or(|next| next > after));
        }
    }
}

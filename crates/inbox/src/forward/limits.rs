//! The rate limits of the other server, by project, for as long as they hold: clients learn about them from the inbox,
//! since they do not speak with that server themselves.
//!
//! A limit is what [Sentry](https://develop.sentry.dev/sdk/expected-features/rate-limiting/) writes into
//! `X-Sentry-Rate-Limits`: seconds, categories, scope and more, with colons between them. All but the seconds goes on as
//! it came.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// The header that names categories.
pub(crate) const RATE_LIMITS: &str = "x-sentry-rate-limits";

/// The header that says how long everything has to wait.
const RETRY_AFTER: &str = "retry-after";

/// The longest header that is read, bytes.
const MAX_HEADER: usize = 4 * 1024;

/// Most projects, and most limits of one.
const MAX_PROJECTS: usize = 64;
const MAX_LIMITS: usize = 32;

/// Longest time that a limit is passed on. One that holds on is in the next answer, too.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long clients wait whom nobody says for how long.
const DEFAULT: Duration = Duration::from_secs(60);

/// Everything: no categories.
const ALL: &str = ":organization";

/// The limits that hold.
#[derive(Debug, Default)]
pub(super) struct Limits(HashMap<String, Vec<Limit>>);

#[derive(Debug)]
struct Limit {
    until: Instant,
    /// What comes after the seconds.
    of: String,
}

impl Limits {
    /// Takes over what an answer says.
    pub(super) fn read(&mut self, project: &str, status: StatusCode, headers: &HeaderMap, now: Instant) {
        let said = |name: &str| {
            headers.get(name).and_then(|it| it.to_str().ok()).filter(|it| it.len() <= MAX_HEADER)
        };
        let mut limits: Vec<_> = said(RATE_LIMITS).into_iter().flat_map(parse).take(MAX_LIMITS).collect();
        if limits.is_empty() && status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = said(RETRY_AFTER).and_then(seconds).unwrap_or(DEFAULT);
            limits.push((seconds, ALL));
        }
        if limits.is_empty() {
            return;
        }
        self.forget(now);
        if !self.0.contains_key(project) && self.0.len() >= MAX_PROJECTS {
            return;
        }
        let held = self.0.entry(project.to_owned()).or_default();
        for (lasts, of) in limits {
            let until = now + lasts;
            if let Some(known) = held.iter_mut().find(|it| it.of == of) {
                known.until = known.until.max(until);
            } else if held.len() < MAX_LIMITS {
                held.push(Limit { until, of: of.to_owned() });
            }
        }
    }

    /// The header for a client of that project; `None` if nothing is limited.
    pub(super) fn header(&self, project: &str, now: Instant) -> Option<String> {
        let left = |limit: &Limit| {
            let left = limit.until.saturating_duration_since(now);
            // A client that asks again too early is refused again.
            (!left.is_zero()).then(|| format!("{}:{}", left.as_millis().div_ceil(1000), limit.of))
        };
        let limits: Vec<_> = self.0.get(project)?.iter().filter_map(left).collect();
        (!limits.is_empty()).then(|| limits.join(", "))
    }

    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, limits| {
            limits.retain(|limit| limit.until > now);
            !limits.is_empty()
        });
    }
}

/// The limits of a header: how long, and of what. What is none is left out.
fn parse(header: &str) -> impl Iterator<Item = (Duration, &str)> {
    header.split(',').filter_map(|limit| {
        let (time, of) = limit.trim().split_once(':')?;
        Some((seconds(time)?, of.trim()))
    })
}

/// Seconds, which may be a fraction, up to the longest time.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(limits: &mut Limits, status: u16, headers: &[(&str, &str)], now: Instant) {
        let headers: HeaderMap = headers
            .iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?)))
            .collect();
        limits.read("1", StatusCode::from_u16(status).unwrap(), &headers, now);
    }

    #[test]
    fn what_is_said_goes_on_with_the_time_that_is_left() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let said = "60:transaction;profile:organization:quota, 2700:metric_bucket:project:quota:custom";
        read(&mut limits, 200, &[(RATE_LIMITS, said)], now);
        let later = now + Duration::from_millis(30_500);
        let header = limits.header("1", later).unwrap();
        assert_eq!(
            header,
            "30:transaction;profile:organization:quota, 2670:metric_bucket:project:quota:custom"
        );
        assert_eq!(limits.header("2", later), None);
        let header = limits.header("1", now + Duration::from_secs(60)).unwrap();
        assert_eq!(header, "2640:metric_bucket:project:quota:custom");
        assert_eq!(limits.header("1", now + Duration::from_secs(2700)), None);
    }

    #[test]
    fn a_refusal_without_categories_is_of_everything() {
        for (said, header) in [
            (&[(RETRY_AFTER, "13")][..], "13::organization"),
            (&[(RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT")], "60::organization"),
            (&[], "60::organization"),
        ] {
            let (mut limits, now) = (Limits::default(), Instant::now());
            read(&mut limits, 429, said, now);
            assert_eq!(limits.header("1", now).as_deref(), Some(header));
        }
        let (mut limits, now) = (Limits::default(), Instant::now());
        read(&mut limits, 503, &[(RETRY_AFTER, "13")], now);
        assert_eq!(limits.header("1", now), None, "that server is down: no limit");
    }

    #[test]
    fn the_longer_of_two_limits_holds_and_no_limit_is_for_ever() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for said in
            ["90:error:key", "10:error:key", "1e30:session:key", "-5:x:key", "NaN:y:key", "0:z:key", "soon"]
        {
            read(&mut limits, 200, &[(RATE_LIMITS, said)], now);
        }
        assert_eq!(limits.header("1", now).unwrap(), "90:error:key, 86400:session:key");
    }

    #[test]
    fn limits_and_projects_have_a_number_and_what_is_over_makes_room() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let many: Vec<_> = (0..100).map(|index| format!("9:c{index}:key")).collect();
        read(&mut limits, 200, &[(RATE_LIMITS, &many.join(","))], now);
        assert_eq!(limits.header("1", now).unwrap().split(", ").count(), MAX_LIMITS);
        let all = HeaderMap::from_iter([(
            HeaderName::from_static(RATE_LIMITS),
            HeaderValue::from_static("9::key"),
        )]);
        for project in 0..2 * MAX_PROJECTS {
            limits.read(&format!("p{project}"), StatusCode::OK, &all, now);
        }
        assert_eq!(limits.0.len(), MAX_PROJECTS);
        limits.read("another", StatusCode::OK, &all, now + Duration::from_secs(10));
        assert_eq!(limits.0.len(), 1);
        read(&mut limits, 200, &[(RATE_LIMITS, &format!("9:{}:key", "c".repeat(MAX_HEADER)))], now);
        assert_eq!(limits.header("1", now), None, "too long to be read");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn fuzz_any_header_is_read_within_bounds(header in "([0-9]{0,12}|[.e+-]|:|,|;|[a-z]{0,4}| ){0,40}") {
            let (mut limits, now) = (Limits::default(), Instant::now());
            read(&mut limits, 200, &[(RATE_LIMITS, &header)], now);
            if let Some(first) = limits.header("1", now) {
                // What goes on is read as it was by the next one.
                let mut next = Limits::default();
                read(&mut next, 200, &[(RATE_LIMITS, &first)], now);
                prop_assert!(first.len() <= MAX_HEADER && next.header("1", now) == Some(first));
            }
        }
    }
}

//! The server's [rate limits](https://develop.sentry.dev/sdk/expected-features/rate-limiting/), by category.
//!
//! The SDK's `RateLimiter` is not used: it knows neither profiles nor check-ins, believes a limit of any length, follows
//! the system's clock, and would need a lock on the threads that report.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use reqwest::StatusCode;

use crate::category::{Category, named};
use crate::http::Answer;

/// For how long everything stops after a 429 without further information.
const DEFAULT: Duration = Duration::from_secs(60);

/// The longest limit that is waited for with what is queued. Longer ones are quotas: what is kept until they end is
/// stale then, and would use the next quota up.
pub(crate) const WORTH_WAITING: Duration = Duration::from_secs(30);

/// The longest limit that is believed: after a day, one envelope finds out whether it still holds.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Until when the server wants nothing of a category: nanoseconds since the start, so that nobody waits for a lock.
#[derive(Debug)]
pub(crate) struct Limits {
    start: Instant,
    until: [AtomicU64; Category::ALL.len()],
}

impl Default for Limits {
    fn default() -> Self {
        Self { start: Instant::now(), until: Default::default() }
    }
}

impl Limits {
    /// Reads an answer's `X-Sentry-Rate-Limits`, or else `Retry-After`. False if it sets no limit.
    pub(crate) fn update(&self, answer: &Answer) -> bool {
        match (&answer.limits, &answer.retry_after) {
            (Some(limits), _) => limits.split(',').for_each(|limit| self.limit(limit.trim())),
            (None, after) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                self.set(&Category::ALL, after.as_deref().map_or(DEFAULT, retry_after_duration));
            }
            _ => return false,
        }
        true
    }

    /// `seconds:category;category:scope:reason`, where no category means all. Unknown categories are ignored.
    fn limit(&self, limit: &str) {
        let mut parts = limit.split(':');
        let Some(duration) = parts.next().and_then(seconds) else { return };
        match parts.next() {
            None => {}
            Some("") => self.set(&Category::ALL, duration),
            Some(names) => {
                names.split(';').filter_map(named).for_each(|category| self.set(&[category], duration))
            }
        }
    }

    fn set(&self, categories: &[Category], duration: Duration) {
        let until = self.start.elapsed() + duration.min(LONGEST);
        let until = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        categories.iter().for_each(|category| self.until[*category as usize].store(until, Relaxed));
    }

    /// When a category may be sent again, where it may not now.
    pub(crate) fn until(&self, category: Category, now: Instant) -> Option<Instant> {
        let until = self.start + Duration::from_nanos(self.until[category as usize].load(Relaxed));
        (until > now).then_some(until)
    }

    /// Is a category limited for longer than it is worth keeping?
    pub(crate) fn is_long(&self, category: Category, now: Instant) -> bool {
        self.until(category, now).is_some_and(|until| until - now > WORTH_WAITING)
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.ceil()).ok()
}

/// Seconds, or an HTTP date.
fn retry_after_duration(text: &str) -> Duration {
    let date = || httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok();
    seconds(text).or_else(date).unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(limits: Option<&str>, retry_after: Option<&str>, status: u16) -> Vec<Category> {
        let all = Limits::default();
        let text = |text: &str| text.to_owned();
        let status = StatusCode::from_u16(status).unwrap();
        all.update(&Answer {
            status,
            limits: limits.map(text),
            retry_after: retry_after.map(text),
            ..Answer::default()
        });
        let now = Instant::now();
        let limited = |category: &Category| all.until(*category, now).is_some();
        Category::ALL.into_iter().filter(limited).collect()
    }

    #[test]
    fn a_limit_stops_its_categories_and_no_other() {
        assert_eq!(
            limited(Some("60:transaction;profile_chunk:key, 5:session:key:quota"), None, 200),
            [Category::Session, Category::Transaction, Category::ProfileChunk]
        );
        assert_eq!(limited(Some("60:unknown:key"), Some("60"), 429), []);
    }

    #[test]
    fn a_limit_without_category_a_retry_after_and_a_bare_429_stop_everything() {
        assert_eq!(limited(Some("60::organization"), None, 429).len(), Category::ALL.len());
        assert_eq!(limited(None, Some("2"), 429).len(), Category::ALL.len());
        assert_eq!(limited(None, Some("Fri, 31 Dec 9999 23:59:59 GMT"), 429).len(), Category::ALL.len());
        assert_eq!(limited(None, None, 429).len(), Category::ALL.len());
    }

    #[test]
    fn what_cannot_be_understood_limits_nothing() {
        for reported in ["", ":", "x:error:key", "-5:error:key", "60", "0:error:key", "1e300:error:key"] {
            assert_eq!(limited(Some(reported), None, 200), [], "{reported}");
        }
        assert_eq!(limited(None, Some("60"), 200), []);
    }

    #[test]
    fn a_limit_beyond_a_day_is_a_day_and_unknown_categories_limit_nothing() {
        let limits = Limits::default();
        let named: Vec<_> = (0..10_000).map(|number| format!("60:category{number}:key")).collect();
        let answer = |limits: String| Answer { limits: Some(limits), ..Answer::default() };
        limits.update(&answer(named.join(",")));
        assert!(Category::ALL.iter().all(|category| limits.until(*category, Instant::now()).is_none()));
        limits.update(&answer("1e12:error:key".to_owned()));
        let now = Instant::now();
        assert!(limits.until(Category::Error, now).is_some_and(|until| until - now <= LONGEST));
    }

    #[test]
    fn a_limit_of_half_a_minute_is_worth_waiting_for_and_ends() {
        let limits = Limits::default();
        let answer = |text: &str| Answer { limits: Some(text.to_owned()), ..Answer::default() };
        limits.update(&answer("30:error:key, 31:transaction:key"));
        let now = Instant::now();
        assert!(!limits.is_long(Category::Error, now) && limits.until(Category::Error, now).is_some());
        assert!(!limits.is_long(Category::Session, now));
        // A second is there for the time that this test takes.
        assert!(limits.is_long(Category::Transaction, now) || now.elapsed() > Duration::from_secs(1));
        let later = now + Duration::from_secs(31);
        assert_eq!(
            (limits.until(Category::Error, later), limits.until(Category::Transaction, later)),
            (None, None)
        );
        // A later answer counts.
        limits.update(&answer("0:transaction:key"));
        assert!(limits.until(Category::Transaction, Instant::now()).is_none());
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_rate_limits_and_retry_after_are_bounded_whatever_they_say(
            limits in proptest::option::of("[ -~]{0,200}|([0-9.e+-]{0,9}:(error|transaction|session|;|x){0,6}:[a-z:]{0,9},?){0,40}"),
            retry_after in proptest::option::of("[ -~]{0,60}|-?[0-9]{1,40}(\\.[0-9]{0,5})?(e[0-9]{1,4})?|inf|NaN"),
            status in 200_u16..600,
        ) {
            let all = Limits::default();
            let status = StatusCode::from_u16(status).unwrap();
            all.update(&Answer { status, limits, retry_after, ..Answer::default() });
            let now = Instant::now();
            for category in Category::ALL {
                assert!(all.until(category, now).is_none_or(|until| until - now <= LONGEST));
            }
        }
    }
}

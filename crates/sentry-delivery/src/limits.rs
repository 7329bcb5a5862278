//! The server's [rate limits](https://develop.sentry.dev/sdk/expected-features/rate-limiting/), by category.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use super::category::Category;
use super::http::Answer;

/// For how long everything stops after a 429 that says nothing more.
const DEFAULT: Duration = Duration::from_secs(60);

/// The longest limit that is waited for with what is queued. Longer ones are quotas: what is kept until they end is
/// stale then, and would use the next quota up.
pub(super) const WORTH_WAITING: Duration = Duration::from_secs(30);

/// The longest limit that is believed: after a day, one envelope finds out whether it still holds.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Until when the server wants nothing of a category.
#[derive(Debug, Default)]
pub(super) struct Limits {
    all: Option<Instant>,
    /// Of categories that are sent from here; a server may name as many others as it likes.
    by_name: HashMap<&'static str, Instant>,
}

impl Limits {
    /// Reads an answer's `X-Sentry-Rate-Limits`, or else `Retry-After`. False where it sets no limit.
    pub(super) fn update(&mut self, answer: &Answer) -> bool {
        let status = answer.status.as_u16();
        match (&answer.limits, &answer.retry_after) {
            (Some(limits), _) => limits.split(',').for_each(|limit| self.limit(limit.trim())),
            (None, Some(after)) if status == 429 => self.all = Some(after_now(retry_after_duration(after))),
            (None, None) if status == 429 => self.all = Some(after_now(DEFAULT)),
            _ => return false,
        }
        true
    }

    /// `seconds:category;category:scope:reason`, where no category means all.
    fn limit(&mut self, limit: &str) {
        let mut parts = limit.split(':');
        let Some(seconds) = parts.next().and_then(seconds) else { return };
        let until = after_now(seconds);
        match parts.next() {
            None => {}
            Some("") => self.all = Some(until),
            Some(categories) => {
                self.by_name.extend(categories.split(';').filter_map(sent).map(|name| (name, until)));
            }
        }
    }

    /// How long nothing of a category may be sent.
    pub(super) fn left(&self, name: &str, now: Instant) -> Option<Duration> {
        let until = self.all.max(self.by_name.get(name).copied())?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// When a category may be sent again, if it may not now.
    pub(super) fn until(&self, category: Category, now: Instant) -> Option<Instant> {
        self.left(category.name(), now).map(|left| now + left)
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

fn after_now(duration: Duration) -> Instant {
    Instant::now() + duration.min(LONGEST)
}

/// The name of a category that is sent from here.
fn sent(name: &str) -> Option<&'static str> {
    let names = Category::ALL.into_iter().map(Category::name).chain(["attachment"]);
    names.into_iter().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(limits: Option<&str>, retry_after: Option<&str>, status: u16) -> Vec<&'static str> {
        let mut all = Limits::default();
        let text = |text: &str| text.to_owned();
        let status = reqwest::StatusCode::from_u16(status).unwrap();
        all.update(&Answer { status, limits: limits.map(text), retry_after: retry_after.map(text) });
        let now = Instant::now();
        let limited = |category: &Category| all.until(*category, now).is_some();
        Category::ALL.into_iter().filter(limited).map(Category::name).collect()
    }

    #[test]
    fn a_limit_stops_its_categories_and_no_other() {
        assert_eq!(
            limited(Some("60:transaction;profile_chunk:key, 5:session:key:quota"), None, 200),
            ["session", "transaction", "profile_chunk"]
        );
        assert_eq!(limited(Some("60:unknown:key"), Some("60"), 429), [""; 0]);
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
            assert_eq!(limited(Some(reported), None, 200), [""; 0], "{reported}");
        }
        assert_eq!(limited(None, Some("60"), 200), [""; 0]);
    }

    #[test]
    fn a_limit_beyond_a_day_is_a_day_and_unknown_categories_are_not_kept() {
        let mut limits = Limits::default();
        let named: Vec<_> = (0..10_000).map(|number| format!("60:category{number}:key")).collect();
        let answer = |limits: String| Answer {
            status: reqwest::StatusCode::OK,
            limits: Some(limits),
            retry_after: None,
        };
        limits.update(&answer(named.join(",")));
        assert_eq!(limits.by_name.len(), 0);
        limits.update(&answer("1e12:error:key".to_owned()));
        assert!(limits.left("error", Instant::now()).is_some_and(|left| left <= LONGEST));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_rate_limits_and_retry_after_are_bounded_whatever_they_say(
            limits in proptest::option::of("[ -~]{0,200}|([0-9.e+-]{0,9}:(error|transaction|session|;|x){0,6}:[a-z:]{0,9},?){0,40}"),
            retry_after in proptest::option::of("[ -~]{0,60}|-?[0-9]{1,40}(\\.[0-9]{0,5})?(e[0-9]{1,4})?|inf|NaN"),
            status in 200_u16..600,
        ) {
            let mut all = Limits::default();
            let status = reqwest::StatusCode::from_u16(status).unwrap();
            all.update(&Answer { status, limits, retry_after });
            assert!(all.by_name.len() <= Category::ALL.len() + 1);
            let now = Instant::now();
            for category in Category::ALL {
                assert!(all.left(category.name(), now).is_none_or(|left| left <= LONGEST));
            }
        }
    }
}

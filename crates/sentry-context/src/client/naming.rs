//! `APP_VERSION` and `SENTRY_ENVIRONMENT`, as a Sentry server takes them: it discards what it cannot file under a name.

use super::Service;
use super::variables::{APP_VERSION, ENVIRONMENT};
use crate::env::{self, EnvError};

/// Longest name of a [release](https://docs.sentry.io/cli/releases/#creating-releases), in characters.
const LONGEST_RELEASE: usize = 200;

/// Longest name of an [environment](https://docs.sentry.io/concepts/key-terms/environments/), in characters.
const LONGEST_ENVIRONMENT: usize = 64;

/// The release, `NAME@APP_VERSION`.
pub(super) fn release(service: &Service) -> Result<String, EnvError> {
    let version = env::text(&APP_VERSION)?.unwrap_or_default();
    let room = LONGEST_RELEASE.saturating_sub(service.release_name.chars().count() + 1);
    if is_version(&version, room) {
        return Ok(format!("{}@{version}", service.release_name));
    }
    Err(EnvError::new(&APP_VERSION, version))
}

/// The environment.
pub(super) fn environment() -> Result<String, EnvError> {
    let environment = env::text(&ENVIRONMENT)?.unwrap_or_default();
    if is_environment(&environment) {
        return Ok(environment);
    }
    Err(EnvError::new(&ENVIRONMENT, environment))
}

fn is_version(version: &str, room: usize) -> bool {
    let legal = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}');
    let fits = version.chars().nth(room).is_none();
    fits && version.chars().all(legal) && version.trim() == version && !matches!(version, "" | "." | "..")
}

fn is_environment(environment: &str) -> bool {
    let legal = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '/' | '\\');
    let fits = environment.chars().nth(LONGEST_ENVIRONMENT).is_none();
    fits && environment.chars().all(legal)
        && !environment.eq_ignore_ascii_case("none")
        && !environment.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_what_a_server_files_under_a_name() {
        let longest = "1".repeat(20);
        for version in ["1.0.0", "2026.11+abc", "v1 beta", "...", longest.as_str()] {
            assert!(is_version(version, 20), "{version}");
        }
        let too_long = "1".repeat(21);
        for version in
            ["", ".", "..", " ", " 1", "1 ", "1/2", "1\\2", "1\n2", "1\r", "1\t2", "1\0", too_long.as_str()]
        {
            assert!(!is_version(version, 20), "{version:?}");
        }
    }

    #[test]
    fn the_declarations_name_the_longest_lengths() {
        assert!(APP_VERSION.allowed.to_string().contains(&format!("up to {LONGEST_RELEASE} ")));
        assert!(ENVIRONMENT.allowed.to_string().contains(&format!("up to {LONGEST_ENVIRONMENT} ")));
    }

    #[test]
    fn an_environment_is_what_a_server_files_under_a_name() {
        let (longest, too_long) = ("e".repeat(64), "e".repeat(65));
        for environment in ["production", "prod-eu.1", "ümläut", "nonexistent", longest.as_str()] {
            assert!(is_environment(environment), "{environment}");
        }
        for environment in ["", "a/b", "a b", "a\nb", "a\tb", "None", "none", "a\\b", too_long.as_str()] {
            assert!(!is_environment(environment), "{environment:?}");
        }
    }
}

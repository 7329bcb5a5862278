//! `SENTRY_SPOOL_DIR` and `SENTRY_SPOTLIGHT`.

use std::path::PathBuf;

use sentry_delivery::{Delivery, check_spool};
use url::Url;

use super::variables::{SPOOL_DIR, SPOTLIGHT};
use crate::env::{self, EnvError};

/// Where Spotlight listens by default.
const LOCAL: &str = "http://localhost:8969/stream";

/// Reads both; a spool folder is made where it is missing.
pub(super) fn from_env() -> Result<Delivery, EnvError> {
    Ok(Delivery { spool: spool_dir()?, spotlight: spotlight()? })
}

fn spool_dir() -> Result<Option<PathBuf>, EnvError> {
    let Some(path) = env::text(&SPOOL_DIR)?.map(PathBuf::from) else { return Ok(None) };
    match check_spool(&path) {
        Ok(()) => Ok(Some(path)),
        Err(error) => Err(EnvError::new(&SPOOL_DIR, path.display()).because(error)),
    }
}

/// As in [other SDKs](https://develop.sentry.dev/sdk/expected-features/spotlight/): a yes, a no, or a URL.
fn spotlight() -> Result<Option<Url>, EnvError> {
    let Some(text) = env::text(&SPOTLIGHT)? else { return Ok(None) };
    let url = match text.to_ascii_lowercase().as_str() {
        "0" | "f" | "false" | "n" | "no" | "off" => return Ok(None),
        "1" | "t" | "true" | "y" | "yes" | "on" => LOCAL,
        _ => &text,
    };
    match url.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(EnvError::new(&SPOTLIGHT, &text)),
    }
}

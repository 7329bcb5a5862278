//! Who may break the service, and how much of it at a time.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest};
use sentry_context::env::{self, Allowed, EnvError, Shown, Variable};
use sentry_context::redaction;
use sentry_context::request::tag as tag_request;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Refusal, Scenario};

/// How many heavy scenarios run at once; further ones are asked to come back.
pub const HEAVY_AT_ONCE: usize = 4;

/// The header that names a run of several calls; it becomes the tag `demo.run_id`.
pub const RUN_HEADER: &str = "X-Demo-Run";

/// The guards of a service's debug routes.
#[derive(Debug, Clone)]
pub struct Guards {
    enabled: bool,
    token: Option<String>,
    heavy: Arc<Semaphore>,
}

impl Guards {
    /// Guards with the debug routes on or off, open or behind a token.
    pub fn new(enabled: bool, token: Option<String>) -> Self {
        token.as_deref().into_iter().for_each(redaction::hide);
        Self { enabled, token, heavy: Arc::new(Semaphore::new(HEAVY_AT_ONCE)) }
    }

    /// Reads the [`VARIABLES`].
    pub fn from_env() -> Result<Self, EnvError> {
        let enabled: String = env::parsed(&DEBUG_ENDPOINTS)?;
        Ok(Self::new(enabled == "on", token()?))
    }

    /// Are there any debug routes?
    pub fn are_open(&self) -> bool {
        self.enabled
    }

    /// Is the caller allowed to use the debug routes?
    pub(crate) fn admit(&self, request: &ServiceRequest) -> Result<(), Refusal> {
        if !self.enabled {
            return Err(Refusal::NotFound);
        }
        let Some(token) = &self.token else { return Ok(()) };
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(bearer).unwrap_or_default();
        // In constant time, so that the time of the answer reveals nothing about the token.
        if bool::from(given.as_bytes().ct_eq(token.as_bytes())) { Ok(()) } else { Err(Refusal::Unauthorized) }
    }

    /// A slot among the heavy scenarios; none is needed for the others.
    pub(crate) fn slot(&self, scenario: &Scenario) -> Result<Slot, Refusal> {
        if !scenario.heavy {
            return Ok(Slot::default());
        }
        let permit = Arc::clone(&self.heavy).try_acquire_owned();
        permit
            .map(|permit| Slot { _permit: Some(Arc::new(permit)) })
            .map_err(|_| Refusal::Busy { limit: HEAVY_AT_ONCE })
    }
}

/// A slot among the heavy scenarios. It is free again once the request and all work that holds a clone are through: a
/// caller that hangs up ends the request, but not work on another thread.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

impl Slot {
    /// The slot of a request, for its work to hold.
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }
}

/// Longest token, in characters: it fits into a header beside all others.
const LONGEST_TOKEN: usize = 512;

/// Everything that [`Guards::from_env`] reads.
pub static VARIABLES: [&Variable; 2] = [&DEBUG_ENDPOINTS, &DEBUG_TOKEN];

static DEBUG_ENDPOINTS: Variable = Variable {
    name: "DEBUG_ENDPOINTS",
    about: "whether there are debug routes; `off`: they are 404",
    default: Some("on"),
    allowed: Allowed::OneOf(&["on", "off"]),
    shown: Shown::Whole,
};

/// The token of the debug routes.
pub static DEBUG_TOKEN: Variable = Variable {
    name: "DEBUG_TOKEN",
    about: "what debug routes ask for, as `Authorization: Bearer …`; without one, they are open",
    default: None,
    allowed: Allowed::Text("up to 512 visible ASCII characters without blanks, as a header can carry"),
    shown: Shown::Nothing,
};

/// A token that a client can send.
fn token() -> Result<Option<String>, EnvError> {
    let Some(token) = env::text(&DEBUG_TOKEN)? else { return Ok(None) };
    if token.len() > LONGEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(EnvError::new(&DEBUG_TOKEN, token));
    }
    Ok(Some(token))
}

/// The token of `Bearer …`; the scheme's name may be in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

/// Marks everything that this request will send as the scenario's, and as the caller's run.
pub(crate) fn tag(service: &str, scenario: &Scenario, request: &HttpRequest) {
    tag_request("scenario", &format!("{service}.{}", scenario.name));
    tag_request("debug.demo", "true");
    let run = request.headers().get(RUN_HEADER).and_then(|run| run.to_str().ok());
    // Sentry cuts longer tag values; one that is cut would match nothing.
    if let Some(run) = run.filter(|run| !run.is_empty() && run.len() <= 200) {
        tag_request("demo.run_id", run);
    }
}

//! Sentry for a service: configuration separate from `init`, `init` before the runtime, delivery at the end.
//!
//! ```no_run
//! use sentry_context::client::{self, Config, Service};
//! use sentry_context::platform::Portable;
//!
//! static SERVICE: Service = Service {
//!     name: "shop",
//!     release_name: "shop",
//!     in_app: &["shop"],
//!     panic_type: "Panic",
//!     fingerprint_rules: "",
//!     platform: &Portable,
//! };
//! // A synchronous main: the client must exist before the runtime starts threads, and outlive them.
//! let sentry = client::init(Config::from_env(&SERVICE)?);
//! // … build the runtime and serve …
//! sentry.finish();
//! # Ok::<(), sentry_context::client::ConfigError>(())
//! ```

mod delivery;
mod guard;
mod naming;
mod rules_file;
mod variables;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sentry::integrations::contexts::ContextIntegration;
use sentry::integrations::debug_images::DebugImagesIntegration;
use sentry::types::Dsn;
use sentry::{Client, ClientOptions, Hub, Integration, MaxRequestBodySize, Scope, SessionMode};
use sentry_delivery::{Hooks, HttpTransportFactory, ProfileChunks};

use crate::env::{self, EnvError};
use crate::event_processor::EventProcessor;
use crate::fingerprint::{RuleError, Rules};
use crate::integration::ServiceIntegration;
use crate::limit::Limiter;
use crate::metrics::Requests;
use crate::platform::{self, NewRun, Platform};
use crate::profile::{self, Profiling};
use crate::trace::dynamic_sampling::OwnContext;
use crate::{frames, logs, panic_recovery, runtime_stats};

use variables::{FINGERPRINT_RULES, STALL_THRESHOLD_MS, TRACES_SAMPLE_RATE};

pub(crate) use guard::Closer;
pub use guard::Guard;
pub use sentry_delivery::Delivery;
pub use variables::{DSN, PROFILE_SESSION_SAMPLE_RATE, VARIABLES, profile_session_sample_rate};

/// A stall that callers notice, and that no well-behaved handler comes near.
pub const STALL_THRESHOLD: Duration = Duration::from_secs(1);

/// How long a shutdown may wait for delivery.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// What a service is, fixed at compile time.
#[derive(Debug)]
pub struct Service {
    /// Name in the tag `service` and in logs.
    pub name: &'static str,
    /// Name in the release `NAME@APP_VERSION`.
    pub release_name: &'static str,
    /// Crates whose frames are ours, as in function names (`shop`).
    pub in_app: &'static [&'static str],
    /// Exception type of a panic.
    pub panic_type: &'static str,
    /// Fingerprint rules in the grammar of [`crate::fingerprint`].
    pub fingerprint_rules: &'static str,
    /// What the process can do beyond portable code; [`Portable`](crate::platform::Portable) adds nothing.
    pub platform: &'static dyn Platform,
}

/// Everything the client needs; [`Config::from_env`] reads it, tests build on it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The service.
    pub service: &'static Service,
    /// Where to send; `None` sends nothing.
    pub dsn: Option<Dsn>,
    /// `NAME@VERSION`.
    pub release: String,
    /// Such as `production`.
    pub environment: String,
    /// Share of requests that make a transaction, 0..=1.
    pub traces_sample_rate: f32,
    /// How long a worker may be blocked before it is reported; zero turns the watchdog off.
    pub stall_threshold: Duration,
    /// How events are grouped.
    pub rules: Rules,
    /// Whether this process is profiled, and when.
    pub profiling: Profiling,
    /// Where events go besides the DSN.
    pub delivery: Delivery,
}

/// What this process does for the transport: its symbol tables are as large as all that a burst of crashes queues.
const HOOKS: Hooks = Hooks {
    thread_started: || platform::current().lower_priority(),
    tick: frames::rest,
    emptied: || platform::current().release_memory(),
};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable's value is wrong.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The fingerprint rules do not parse.
    #[error("fingerprint rules of {place}: {error}")]
    Rules {
        /// The file, or the service whose built-in rules they are.
        place: String,
        /// What is wrong, and where.
        error: RuleError,
    },
}

impl Config {
    /// Reads the [`VARIABLES`].
    pub fn from_env(service: &'static Service) -> Result<Self, ConfigError> {
        Ok(Self {
            service,
            dsn: dsn()?,
            release: naming::release(service)?,
            environment: naming::environment()?,
            traces_sample_rate: env::parsed(&TRACES_SAMPLE_RATE)?,
            stall_threshold: Duration::from_millis(env::parsed(&STALL_THRESHOLD_MS)?),
            rules: rules(service)?,
            profiling: Profiling::from_env(&PROFILE_SESSION_SAMPLE_RATE)?,
            delivery: delivery::from_env()?,
        })
    }
}

fn dsn() -> Result<Option<Dsn>, EnvError> {
    let Some(text) = env::text(&DSN)? else { return Ok(None) };
    let dsn = text.parse();
    dsn.map(Some).map_err(|_| EnvError::new(&DSN, &text))
}

fn rules(service: &Service) -> Result<Rules, ConfigError> {
    let (place, text) = match env::text(&FINGERPRINT_RULES)? {
        None => (service.name.to_owned(), service.fingerprint_rules.to_owned()),
        Some(path) => {
            let text = rules_file::read(Path::new(&path))
                .map_err(|error| EnvError::new(&FINGERPRINT_RULES, &path).because(error))?;
            (path, text)
        }
    };
    text.parse().map_err(|error| ConfigError::Rules { place, error })
}

/// The client's options; pure, so that a test can look at them.
pub fn options(config: &Config) -> ClientOptions {
    options_with(config, transport(config))
}

fn transport(config: &Config) -> HttpTransportFactory {
    let Service { name, in_app, .. } = *config.service;
    let own = OwnContext {
        public_key: config.dsn.as_ref().map(|dsn| dsn.public_key().to_owned()).unwrap_or_default(),
        org_id: config.dsn.as_ref().and_then(|dsn| dsn.org_id()).map(|id| id.to_string()),
        release: config.release.clone(),
        environment: config.environment.clone(),
    };
    let processor =
        EventProcessor { service: name, in_app: in_app.to_vec(), rules: config.rules.clone(), own };
    HttpTransportFactory::new(name, processor, config.delivery.clone()).with_hooks(HOOKS)
}

fn options_with(config: &Config, transport: HttpTransportFactory) -> ClientOptions {
    let mut options = ClientOptions::new()
        .release(for_ever(&config.release))
        .environment(for_ever(&config.environment))
        .traces_sampler(transport.sampler(config.traces_sample_rate))
        // The default set has a panic hook that waits for delivery, and marks frames on the request path.
        .default_integrations(false)
        .integrations(integrations(config.service))
        .before_send_log(logs::tag)
        .max_request_body_size(MaxRequestBodySize::Small)
        .session_mode(SessionMode::Request)
        .auto_session_tracking(true)
        .shutdown_timeout(SHUTDOWN_TIMEOUT);
    options.dsn = config.dsn.clone().or_else(|| config.delivery.dsn());
    options.transport = Some(Arc::new(transport));
    options
}

/// Every session and transaction carries a copy of these, which costs nothing where they are static. A process has
/// one client, or a handful.
fn for_ever(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// The integrations of a client.
fn integrations(service: &'static Service) -> Vec<Arc<dyn Integration>> {
    vec![
        Arc::new(DebugImagesIntegration::default()),
        // For the name of the server alone.
        Arc::new(ContextIntegration::new().add_os(false).add_rust(false).add_device(false)),
        Arc::new(ServiceIntegration { panic_type: service.panic_type }),
        Arc::new(Requests::of(service.name)),
        Arc::new(Limiter::default()),
    ]
}

/// A hub with a client of its own: one per service, or one per test.
pub fn hub(config: &Config) -> Arc<Hub> {
    hub_with(config, transport(config))
}

fn hub_with(config: &Config, transport: HttpTransportFactory) -> Arc<Hub> {
    platform::install(config.service.platform);
    runtime_stats::start();
    panic_recovery::install_hook();
    let client = Client::with_options(options_with(config, transport));
    let mut scope = Scope::default();
    scope.set_tag("service", config.service.name);
    Arc::new(Hub::new(Some(Arc::new(client)), Arc::new(scope)))
}

/// Makes the client the process's own. Call it before the runtime starts; keep the guard in `main`.
#[must_use = "dropping the guard early loses events"]
pub fn init(config: Config) -> Guard {
    let (transport, service) = (transport(&config), config.service);
    let chunks = transport.profile_chunks();
    let hub = hub_with(&config, transport);
    say_what_is_missing(service.platform);
    let run = config.delivery.spool.as_ref().and_then(|folder| {
        let Service { name, panic_type, platform, .. } = *service;
        let run = NewRun { folder, service: name, panic_type, release: &config.release };
        let run = platform.begin_run(&run, &hub);
        run.inspect_err(|error| tracing::warn!(%error, "a crash of this process will not be reported"))
            .ok()
            .flatten()
    });
    Hub::main().bind_client(hub.client());
    // What happens outside of requests is this service's, too.
    Hub::main().configure_scope(|scope| scope.set_tag("service", service.name));
    let profile = profile(&config, &hub, chunks);
    Guard::new(hub, run, profile)
}

fn profile(config: &Config, hub: &Hub, chunks: ProfileChunks) -> Option<profile::Session> {
    let Service { platform, in_app, .. } = *config.service;
    let client = hub.client()?;
    let begun = profile::start(config.profiling, platform, &client, in_app, chunks);
    begun.inspect_err(|error| tracing::warn!(%error, "this process is not profiled")).ok().flatten()
}

fn say_what_is_missing(platform: &dyn Platform) {
    let missing = platform.unavailable();
    if !missing.is_empty() {
        tracing::warn!("not available on this platform: {}", missing.join("; "));
    }
}

//! Refused requests: the caller's mistakes, answered as JSON, never an event.

use actix_web::error::JsonPayloadError;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use sentry_context::failure::Failure;
use sentry_context::report::Reportable;

/// Why a request is turned away.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No route, or one that is switched off.
    #[error("there is nothing at this path")]
    NotFound,
    /// The path exists for other methods.
    #[error("this path takes only {0}")]
    MethodNotAllowed(String),
    /// The debug routes want a token.
    #[error("debug routes need `Authorization: Bearer …` with the configured token")]
    Unauthorized,
    /// Too many heavy scenarios run already.
    #[error("{limit} heavy scenarios are running already; try again when one has ended")]
    Busy {
        /// How many may run.
        limit: usize,
    },
    /// The body is not the JSON that the route takes.
    #[error("the body is not the JSON this path takes: {0}")]
    BadBody(String),
    /// A field is missing, or not what it must be.
    #[error("`{field}` {reason}")]
    BadField {
        /// The field as the caller names it.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It contradicts an earlier request.
    #[error("{0}")]
    Conflict(&'static str),
    /// The body is too long.
    #[error("the body is longer than this path takes")]
    TooLarge,
    /// The body did not come.
    #[error("the body did not arrive in time")]
    Late,
}

impl Reportable for Refusal {
    fn type_name(&self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed(_) => "MethodNotAllowed",
            Self::Unauthorized => "Unauthorized",
            Self::Busy { .. } => "TooManyRequests",
            Self::BadBody(_) | Self::BadField { .. } => "BadRequest",
            Self::Conflict(_) => "Conflict",
            Self::TooLarge => "PayloadTooLarge",
            Self::Late => "RequestTimeout",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::Unauthorized => 401,
            Self::Busy { .. } => 429,
            Self::BadBody(_) | Self::BadField { .. } => 400,
            Self::Conflict(_) => 409,
            Self::TooLarge => 413,
            Self::Late => 408,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::MethodNotAllowed(methods) => vec![("allow", methods.clone())],
            Self::Unauthorized => vec![("www-authenticate", "Bearer".to_owned())],
            Self::Busy { .. } => vec![("retry-after", "1".to_owned())],
            _ => Vec::new(),
        }
    }
}

/// The service's answer to unknown paths.
pub async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Refusal::NotFound.into())
}

/// The default route of a resource that takes these methods only (`"GET, DELETE"`).
/// Where there is GET, there is HEAD.
pub fn only(methods: impl Into<String>) -> Route {
    let methods = methods.into().replace("GET", "GET, HEAD");
    web::route().to(move || {
        let refusal = Refusal::MethodNotAllowed(methods.clone());
        async { Err::<HttpResponse, Failure>(refusal.into()) }
    })
}

/// JSON bodies, whatever the caller says that they are; refused as JSON, too.
pub fn json_config() -> web::JsonConfig {
    let json = web::JsonConfig::default().content_type(|_| true).content_type_required(false);
    json.error_handler(|error: JsonPayloadError, _: &HttpRequest| {
        let too_large =
            matches!(error, JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. });
        let refusal = if too_large { Refusal::TooLarge } else { Refusal::BadBody(error.to_string()) };
        Failure::from(refusal).into()
    })
}

//! The list of endpoints, which the router mounts and the OpenAPI document describes.

use crate::endpoint::Endpoint;
use crate::{business, health};

/// All routes that are not scenarios.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    [&health::HEALTH, &health::READY].into_iter().chain(business::ENDPOINTS.iter().copied())
}

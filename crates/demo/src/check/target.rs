//! The services to check, and the inbox of their events.

use super::received::InboxApi;

/// What to check, and where the events arrive.
#[derive(Debug)]
pub struct Targets {
    /// The services.
    pub urls: Vec<String>,
    /// The inbox.
    pub inbox: InboxApi,
    /// Whether they were started for the check, and end with it.
    pub are_own: bool,
}

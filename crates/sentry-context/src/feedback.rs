//! What a person says of an event, in Sentry's
//! [user feedback](https://develop.sentry.dev/sdk/data-model/envelope-items/#user-feedback).

use sentry::protocol::{Context, Event};
use sentry::types::Uuid;
use sentry::{Hub, Level};

use crate::facts::facts;

/// The name of the context. An event that has it is no error, and is sent as feedback.
pub(crate) const CONTEXT: &str = "feedback";

/// What a person says.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// In their words.
    pub message: String,
    /// Who says it.
    pub name: Option<String>,
    /// Where to answer.
    pub email: Option<String>,
    /// The event that it is about.
    pub event: Option<Uuid>,
}

impl Feedback {
    /// Sends it with what is known of the request. The id of the feedback; `None` if Sentry is off.
    pub fn send(self) -> Option<Uuid> {
        let event = self.event.map(|id| id.simple().to_string());
        let mut said = facts([("message", self.message.into()), ("source", "api".into())]);
        for (name, value) in
            [("name", self.name), ("contact_email", self.email), ("associated_event_id", event)]
        {
            said.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        let contexts = [(CONTEXT.to_owned(), Context::Other(said))].into();
        let event = Event { level: Level::Info, contexts, ..Event::default() };
        let id = Hub::with_active(|hub| hub.capture_event(event));
        (!id.is_nil()).then_some(id)
    }
}

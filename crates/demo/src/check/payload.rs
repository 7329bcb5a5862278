//! An event or transaction as it was sent, read the way Sentry reads it.

use serde_json::Value;

static ABSENT: Value = Value::Null;

/// A payload; what is absent reads as null.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a>(pub &'a Value);

impl<'a> Payload<'a> {
    /// The value at a JSON pointer such as `/contexts/trace/status`.
    pub fn at(self, pointer: &str) -> &'a Value {
        self.0.pointer(pointer).unwrap_or(&ABSENT)
    }

    /// Whether there is text that is not empty at a JSON pointer.
    pub fn has_text(self, pointer: &str) -> bool {
        self.at(pointer).as_str().is_some_and(|text| !text.is_empty())
    }

    /// Its id as 32 hex digits.
    pub fn id(self) -> String {
        self.at("/event_id").as_str().unwrap_or_default().replace('-', "")
    }

    /// Its level; SDKs leave out `error`.
    pub fn level(self) -> &'a str {
        self.at("/level").as_str().unwrap_or("error")
    }

    /// The outermost exception: Sentry's order is root cause first.
    pub fn exception(self) -> Option<Payload<'a>> {
        self.exceptions().last().map(Payload)
    }

    /// Type of the outermost exception.
    pub fn ty(self) -> Option<&'a str> {
        self.exception()?.at("/type").as_str()
    }

    /// The message of an event that is no exception.
    pub fn message(self) -> Option<&'a str> {
        ["/logentry/formatted", "/logentry/message", "/message/formatted", "/message"]
            .iter()
            .find_map(|place| self.at(place).as_str())
    }

    /// Level and type, in few words.
    pub fn label(self) -> String {
        format!("{} {}", self.level(), self.ty().unwrap_or("message"))
    }

    /// The fingerprint; SDKs leave out the default one.
    pub fn fingerprint(self) -> Value {
        match self.at("/fingerprint") {
            Value::Null => vec!["{{ default }}"].into(),
            sent => sent.clone(),
        }
    }

    /// The breadcrumbs, oldest first.
    pub fn breadcrumbs(self) -> &'a [Value] {
        self.values("/breadcrumbs")
    }

    /// The innermost frame of the stack where the event occurred that counts as ours.
    pub fn top_in_app_frame(self) -> Option<Payload<'a>> {
        let frames = self.stack()?.at("/frames").as_array()?;
        frames.iter().rev().map(Payload).find(|frame| frame.at("/in_app").as_bool() == Some(true))
    }

    /// The stack of the outermost exception that has one; of the thread that spoke, for a message.
    fn stack(self) -> Option<Payload<'a>> {
        let threads = self.values("/threads").iter();
        let current = threads.filter(|thread| thread.get("current").and_then(Value::as_bool) == Some(true));
        let holders = self.exceptions().iter().rev().chain(current).chain([self.0]);
        holders.map(|holder| Payload(Payload(holder).at("/stacktrace"))).find(|stack| !stack.0.is_null())
    }

    fn exceptions(self) -> &'a [Value] {
        self.values("/exception")
    }

    /// A list that Sentry takes as such, or under `values`.
    fn values(self, pointer: &str) -> &'a [Value] {
        let place = self.at(pointer);
        place.get("values").unwrap_or(place).as_array().map_or(&[], Vec::as_slice)
    }
}

//! The names that rules use, and where in an event each looks.

use super::glob::Style;

/// A fact of an event, as matcher or as variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    ErrorType,
    ErrorValue,
    Message,
    Logger,
    Level,
    Release,
    Sdk,
    Family,
    Transaction,
    Tag(String),
    Function,
    Module,
    Package,
    Path,
    FileName,
    App,
    Category,
    ThreadId,
    ThreadName,
    ThreadState,
    ThreadCrashed,
    ThreadCurrent,
}

/// What is looked at as one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The event itself.
    Event,
    /// Each text: the message, and the exceptions' values.
    Texts,
    /// Each exception of the chain.
    Exceptions,
    /// Each frame of any stack.
    Frames,
    /// Each thread.
    Threads,
}

/// How a name can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Both,
    Matcher,
    Variable,
}

/// Full name, short name (the same where there is none), field, use.
const NAMES: [(&str, &str, Field, Use); 21] = [
    ("error.type", "type", Field::ErrorType, Use::Both),
    ("error.value", "value", Field::ErrorValue, Use::Both),
    ("message", "message", Field::Message, Use::Both),
    ("logger", "logger", Field::Logger, Use::Both),
    ("level", "level", Field::Level, Use::Both),
    ("transaction", "transaction", Field::Transaction, Use::Both),
    ("stack.function", "function", Field::Function, Use::Both),
    ("stack.module", "module", Field::Module, Use::Both),
    ("stack.package", "package", Field::Package, Use::Both),
    ("stack.abs_path", "path", Field::Path, Use::Both),
    ("stack.filename", "stack.filename", Field::FileName, Use::Variable),
    ("release", "release", Field::Release, Use::Matcher),
    ("sdk", "sdk", Field::Sdk, Use::Matcher),
    ("family", "family", Field::Family, Use::Matcher),
    ("app", "app", Field::App, Use::Matcher),
    ("category", "category", Field::Category, Use::Matcher),
    ("thread.id", "thread.id", Field::ThreadId, Use::Matcher),
    ("thread.name", "thread.name", Field::ThreadName, Use::Matcher),
    ("thread.state", "thread.state", Field::ThreadState, Use::Matcher),
    ("thread.crashed", "thread.crashed", Field::ThreadCrashed, Use::Matcher),
    ("thread.current", "thread.current", Field::ThreadCurrent, Use::Matcher),
];

impl Place {
    pub(super) const ALL: [Self; 5] =
        [Self::Event, Self::Texts, Self::Exceptions, Self::Frames, Self::Threads];
}

impl Field {
    /// A matcher by its full or short name; `None` for an unknown one.
    pub(super) fn matcher(name: &str) -> Option<Self> {
        Self::named(name, Use::Matcher)
    }

    /// A variable, likewise.
    pub(super) fn variable(name: &str) -> Option<Self> {
        let name = match name {
            "raw_message" => "message",
            "raw_value" | "error.raw_value" => "error.value",
            name => name,
        };
        Self::named(name, Use::Variable)
    }

    fn named(name: &str, wanted: Use) -> Option<Self> {
        let fits = |it: &Use| *it == Use::Both || *it == wanted;
        let known = NAMES.iter().find(|(full, short, _, it)| [full, short].contains(&&name) && fits(it));
        let tag =
            || name.strip_prefix("tags.").filter(|tag| !tag.is_empty()).map(|tag| Self::Tag(tag.to_owned()));
        known.map(|(_, _, field, _)| field.clone()).or_else(tag)
    }

    /// Its full name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Tag(tag) => format!("tags.{tag}"),
            field => field.names().0.to_owned(),
        }
    }

    /// Its short name; a tag has none.
    pub(super) fn short_name(&self) -> &'static str {
        self.names().1
    }

    fn names(&self) -> (&'static str, &'static str) {
        NAMES
            .iter()
            .find(|(_, _, known, _)| known == self)
            .map_or(("", ""), |(full, short, ..)| (full, short))
    }

    /// The full names of all matchers, for error texts.
    pub(super) fn matchers() -> String {
        Self::all(Use::Matcher)
    }

    /// The full names of all variables.
    pub(super) fn variables() -> String {
        Self::all(Use::Variable)
    }

    fn all(wanted: Use) -> String {
        let names = NAMES.iter().filter(|(.., it)| *it == Use::Both || *it == wanted);
        names.map(|(name, ..)| *name).chain(["tags.NAME"]).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::ErrorType | Self::ErrorValue => Place::Exceptions,
            Self::Message => Place::Texts,
            Self::Function
            | Self::Module
            | Self::Package
            | Self::Path
            | Self::FileName
            | Self::App
            | Self::Category => Place::Frames,
            Self::ThreadId
            | Self::ThreadName
            | Self::ThreadState
            | Self::ThreadCrashed
            | Self::ThreadCurrent => Place::Threads,
            Self::Logger
            | Self::Level
            | Self::Release
            | Self::Sdk
            | Self::Family
            | Self::Transaction
            | Self::Tag(_) => Place::Event,
        }
    }

    /// How its values are compared.
    pub(super) fn style(&self) -> Style {
        match self {
            Self::Release | Self::Package | Self::Path => Style::Path,
            Self::Message
            | Self::ErrorValue
            | Self::Level
            | Self::ThreadId
            | Self::ThreadName
            | Self::ThreadState => Style::AnyCase,
            _ => Style::Exact,
        }
    }

    /// Is it a yes or a no?
    pub(super) fn is_truth(&self) -> bool {
        matches!(self, Self::App | Self::ThreadCrashed | Self::ThreadCurrent)
    }

    /// Is its pattern a list of words, one of which must be the value?
    pub(super) fn is_word(&self) -> bool {
        matches!(self, Self::Sdk | Self::Family)
    }
}

/// `yes` or `no`, as Sentry reads them in `app:…`.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

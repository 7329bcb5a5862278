//! The names that rules use, and where in an event each looks.

/// A fact of an event, as matcher or as variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    ErrorType,
    ErrorValue,
    Message,
    Logger,
    Level,
    Release,
    Transaction,
    Tag(String),
    Function,
    Module,
    App,
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
}

/// Full name, short name (the same where there is none), field.
const NAMES: [(&str, &str, Field); 10] = [
    ("error.type", "type", Field::ErrorType),
    ("error.value", "value", Field::ErrorValue),
    ("message", "message", Field::Message),
    ("logger", "logger", Field::Logger),
    ("level", "level", Field::Level),
    ("release", "release", Field::Release),
    ("transaction", "transaction", Field::Transaction),
    ("stack.function", "function", Field::Function),
    ("stack.module", "module", Field::Module),
    ("app", "app", Field::App),
];

impl Place {
    pub(super) const ALL: [Self; 4] = [Self::Event, Self::Texts, Self::Exceptions, Self::Frames];
}

impl Field {
    /// By its full or short name; `None` for an unknown one.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(full, short, _)| [full, short].contains(&&name));
        let tag =
            || name.strip_prefix("tags.").filter(|tag| !tag.is_empty()).map(|tag| Self::Tag(tag.to_owned()));
        known.map(|(_, _, field)| field.clone()).or_else(tag)
    }

    /// Its full name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Tag(tag) => format!("tags.{tag}"),
            field => NAMES.iter().find(|(.., known)| known == field).map_or("", |(name, ..)| name).to_owned(),
        }
    }

    /// Its short name; a tag has none.
    pub(super) fn short_name(&self) -> &'static str {
        NAMES.iter().find(|(.., known)| known == self).map_or("", |(_, short, _)| short)
    }

    /// All full names, for error texts.
    pub(super) fn names() -> String {
        let mut names: Vec<_> = NAMES.iter().map(|(name, ..)| *name).collect();
        names.push("tags.NAME");
        names.join(", ")
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::ErrorType | Self::ErrorValue => Place::Exceptions,
            Self::Message => Place::Texts,
            Self::Function | Self::Module | Self::App => Place::Frames,
            Self::Logger | Self::Level | Self::Release | Self::Transaction | Self::Tag(_) => Place::Event,
        }
    }

    /// Are upper and lower case the same to it?
    pub(super) fn ignores_case(&self) -> bool {
        matches!(self, Self::Message | Self::ErrorValue | Self::Level | Self::Release)
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

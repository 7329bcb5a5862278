//! The environment variables of the inbox.

use variable::{Allowed, Shown, Variable};

/// The port that it listens on: the one of a Sentry that is installed at home.
pub static PORT: Variable = healthcheck::port("9000");

/// Another receiver.
pub static FORWARD_URL: Variable = Variable {
    name: "INBOX_FORWARD_URL",
    about: "another receiver, which gets a copy of everything",
    default: None,
    allowed: Allowed::Text("a URL such as http://localhost:8000"),
    shown: Shown::Address,
};

/// The names of the inbox.
pub static ALLOWED_HOSTS: Variable = Variable {
    name: "INBOX_ALLOWED_HOSTS",
    about: "the host names that its page and API accept, beside `localhost` and addresses",
    default: None,
    allowed: Allowed::Text("host names with commas between them"),
    shown: Shown::Whole,
};

/// Everything that the program reads.
pub static ALL: [&Variable; 4] = [&healthcheck::HOST, &PORT, &FORWARD_URL, &ALLOWED_HOSTS];

//! The variables of `docker-compose.yml` and `deploy/drop-in.yml` that no program reads. A YAML file cannot read a
//! declaration, so their defaults are said there, and tests compare the rest.

use variable::{Allowed, Shown, Variable};

/// All of them.
pub static COMPOSE: [&Variable; 16] = [
    &GAME_ENGINE_DSN,
    &ANALYTICS_DSN,
    &PAYMENT_DSN,
    &GAME_ENGINE_PORT,
    &ANALYTICS_PORT,
    &PAYMENT_PORT,
    &INBOX_PORT,
    &RABBITMQ_MANAGEMENT_PORT,
    &BUGSINK_PORT,
    &SPOTLIGHT_PORT,
    &MONGODB_IMAGE,
    &RABBITMQ_IMAGE,
    &BUGSINK_IMAGE,
    &SPOTLIGHT_IMAGE,
    &SENTRY_DEMO,
    &BUGSINK_PASSWORD,
];

static GAME_ENGINE_DSN: Variable =
    dsn("SENTRY_GAME_ENGINE_DSN", "where events of game-engine go, such as to Sentry instead of the inbox");
static ANALYTICS_DSN: Variable = dsn("SENTRY_ANALYTICS_DSN", "where events of analytics go");
static PAYMENT_DSN: Variable = dsn("SENTRY_PAYMENT_DSN", "where events of payment go");

static GAME_ENGINE_PORT: Variable = port("GAME_ENGINE_PORT", "the port of game-engine on loopback");
static ANALYTICS_PORT: Variable = port("ANALYTICS_PORT", "the port of analytics on loopback");
static PAYMENT_PORT: Variable = port("PAYMENT_PORT", "the port of payment on loopback");
static INBOX_PORT: Variable = port("INBOX_PORT", "the port of the inbox on loopback");
static RABBITMQ_MANAGEMENT_PORT: Variable =
    port("RABBITMQ_MANAGEMENT_PORT", "the port of RabbitMQ's management page on loopback");
static BUGSINK_PORT: Variable = port("BUGSINK_PORT", "the port of Bugsink on loopback");
static SPOTLIGHT_PORT: Variable = port("SPOTLIGHT_PORT", "the port of Spotlight on loopback");

static MONGODB_IMAGE: Variable = image("MONGODB_IMAGE", "the image of MongoDB, such as one of a mirror");
static RABBITMQ_IMAGE: Variable = image("RABBITMQ_IMAGE", "the image of RabbitMQ");
static BUGSINK_IMAGE: Variable = image("BUGSINK_IMAGE", "the image of Bugsink");
static SPOTLIGHT_IMAGE: Variable = image("SPOTLIGHT_IMAGE", "the image that runs Spotlight");

static SENTRY_DEMO: Variable = Variable {
    name: "SENTRY_DEMO",
    about: "the folder of this repository, for `deploy/drop-in.yml` in another stack, which needs it",
    default: None,
    allowed: Allowed::Text("a path"),
    shown: Shown::Whole,
};

static BUGSINK_PASSWORD: Variable = Variable {
    name: "BUGSINK_PASSWORD",
    about: "the password of admin@example.com at the first start; without one, `docker-compose logs bugsink` prints a random one",
    default: None,
    allowed: Allowed::Text("text"),
    shown: Shown::Nothing,
};

const fn dsn(name: &'static str, about: &'static str) -> Variable {
    Variable { name, about, default: None, allowed: Allowed::Text("a DSN"), shown: Shown::Address }
}

const fn port(name: &'static str, about: &'static str) -> Variable {
    let allowed = Allowed::Number { what: "a port", min: 1.0, max: 65_535.0, zero: None };
    Variable { name, about, default: None, allowed, shown: Shown::Whole }
}

const fn image(name: &'static str, about: &'static str) -> Variable {
    Variable { name, about, default: None, allowed: Allowed::Text("an image"), shown: Shown::Whole }
}

/// The default that a Compose file gives a variable, as in `${NAME:-default}`.
pub(super) fn default<'a>(docker_compose: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = docker_compose.split_once(&format!("${{{name}:-"))?;
    rest.split_once('}').map(|(default, _)| default)
}

//! MongoDB and RabbitMQ: those that the environment names, else those of this machine that answer, else none.

use std::net::SocketAddr;
use std::time::Duration;

use fixtures::Missing;
use fixtures::{mongo, rabbit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::ports::loopback;
use crate::services::Service;

/// How long a server of this machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

const MONGODB: u16 = 27017;
const RABBITMQ: u16 = 5672;

/// The name of a variable that says where a server is.
const MONGODB_URL: &str = database::URL.name;
const RABBITMQ_URL: &str = broker::URL.name;

/// What payment keeps balances in where there is no database.
const MEMORY: &str = "memory:";

/// The servers that the services use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backing {
    mongodb: Found,
    rabbitmq: Found,
}

/// Where a server is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Found {
    /// Nowhere.
    #[default]
    Nowhere,
    /// The environment says it, and the services read it there.
    Named,
    /// On this machine, at the usual port.
    Here(String),
    /// This process has started it, and ends it with itself.
    Started(String),
    /// It was to be started, and cannot be.
    Failed(String),
}

/// Servers that were started; they end when this is dropped, or when the process ends.
#[derive(Debug, Default)]
pub struct Started {
    _mongodb: Option<mongo::Server>,
    _rabbitmq: Option<Broker>,
}

/// A broker from Debian's package, which needs nothing to be loaded, or one in Docker.
#[derive(Debug)]
enum Broker {
    Package(rabbit::Broker),
    Docker(rabbit::Container),
}

impl Broker {
    fn try_start() -> Result<Self, Missing> {
        let of_package = rabbit::Broker::try_start(rabbit::LARGEST, 0).map(Self::Package);
        of_package.or_else(|package| {
            let in_docker = rabbit::Container::try_start().map(Self::Docker);
            let both = |docker| format!("{package}; {docker}; either of these would do");
            in_docker.map_err(|docker| Missing::new("a RabbitMQ broker", both(docker)))
        })
    }

    fn url(&self) -> String {
        match self {
            Self::Package(broker) => broker.url(),
            Self::Docker(broker) => broker.url(),
        }
    }
}

impl Backing {
    /// Looks at the environment and at the usual ports.
    pub async fn find() -> Self {
        let (mongodb, rabbitmq) =
            tokio::join!(answers_mongodb(loopback(MONGODB)), answers_rabbitmq(loopback(RABBITMQ)));
        let found = |variable, answers: bool, url: String| {
            let named = std::env::var(variable).is_ok_and(|value| !value.is_empty());
            match (named, answers) {
                (true, _) => Found::Named,
                (false, true) => Found::Here(url),
                (false, false) => Found::Nowhere,
            }
        };
        Self {
            mongodb: found(MONGODB_URL, mongodb, format!("mongodb://127.0.0.1:{MONGODB}")),
            rabbitmq: found(RABBITMQ_URL, rabbitmq, format!("amqp://127.0.0.1:{RABBITMQ}")),
        }
    }

    /// What [`Self::start_missing`] would start, a line for each server: it may take minutes.
    pub fn starting(&self) -> Vec<String> {
        let line = |name: &str, ways: &str| format!("starting {name}, {ways}");
        let mongodb = format!(
            "from what is installed, else the image {} in Docker, which may have to be pulled, else a package of Python's",
            mongo::Server::IMAGE
        );
        let rabbitmq = format!(
            "from what is installed, else the image {} in Docker, which may have to be pulled",
            rabbit::Container::IMAGE
        );
        let missing = [(&self.mongodb, "mongodb", mongodb), (&self.rabbitmq, "rabbitmq", rabbitmq)];
        missing
            .iter()
            .filter(|(found, ..)| **found == Found::Nowhere)
            .map(|(_, name, ways)| line(name, ways))
            .collect()
    }

    /// Starts what is nowhere: from what is installed, else with Docker, else from what can be installed.
    pub async fn start_missing(mut self) -> (Self, Started) {
        let (mongodb, rabbitmq) = tokio::join!(
            start(self.mongodb == Found::Nowhere, mongo::Server::try_start),
            start(self.rabbitmq == Found::Nowhere, Broker::try_start),
        );
        let mut started = Started::default();
        match mongodb {
            Some(Ok(server)) => {
                self.mongodb = Found::Started(server.url());
                started._mongodb = Some(server);
            }
            Some(Err(reason)) => self.mongodb = Found::Failed(reason),
            None => {}
        }
        match rabbitmq {
            Some(Ok(broker)) => {
                self.rabbitmq = Found::Started(broker.url());
                started._rabbitmq = Some(broker);
            }
            Some(Err(reason)) => self.rabbitmq = Found::Failed(reason),
            None => {}
        }
        (self, started)
    }

    /// The variables that a service gets beside those of the environment.
    pub fn environment(&self, service: &Service) -> Vec<(&'static str, String)> {
        let mongodb = match &self.mongodb {
            Found::Here(url) | Found::Started(url) => Some((MONGODB_URL, url.clone())),
            Found::Nowhere | Found::Failed(_) if service.keeps_in_memory => {
                Some((MONGODB_URL, MEMORY.to_owned()))
            }
            Found::Nowhere | Found::Failed(_) | Found::Named => None,
        };
        let rabbitmq = match &self.rabbitmq {
            Found::Here(url) | Found::Started(url) => Some((RABBITMQ_URL, url.clone())),
            Found::Nowhere | Found::Failed(_) | Found::Named => None,
        };
        mongodb.into_iter().chain(rabbitmq).collect()
    }

    /// A line for each server.
    pub fn lines(&self) -> [String; 2] {
        let line = |name: &str, found: &Found, variable: &str, without: &str| {
            let what = match found {
                Found::Named => format!("as {variable} says"),
                Found::Here(url) => format!("{url}  found on this machine"),
                Found::Started(url) => format!("{url}  started for this demo"),
                Found::Failed(reason) => format!("could not be started: {reason}"),
                Found::Nowhere => format!("not found on this machine: {without}"),
            };
            format!("{name:<12} {what}")
        };
        [
            line(
                "mongodb",
                &self.mongodb,
                MONGODB_URL,
                "balances are kept in memory, figures are missing; --full starts one",
            ),
            line("rabbitmq", &self.rabbitmq, RABBITMQ_URL, "analytics counts no rounds; --full starts one"),
        ]
    }
}

async fn start<T: Send + 'static>(
    wanted: bool,
    start: impl FnOnce() -> Result<T, Missing> + Send + 'static,
) -> Option<Result<T, String>> {
    if !wanted {
        return None;
    }
    let started = spawn_blocking(start).await.map_err(|error| error.to_string());
    Some(started.and_then(|started| started.map_err(|missing| missing.to_string())))
}

/// Whether a MongoDB server is there: it answers `hello`.
async fn answers_mongodb(address: SocketAddr) -> bool {
    // OP_MSG, its one section a document: { hello: 1, $db: "admin" }.
    let document = b"\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
    let length = u8::try_from(16 + 4 + 1 + document.len()).unwrap_or_default();
    let head = [length, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0];
    // The answer names the operation, too.
    exchange(address, &[&head, document.as_slice()].concat())
        .await
        .is_some_and(|answer| answer[12..] == head[12..16])
}

/// Whether a RabbitMQ broker is there: it answers the protocol's header with `connection.start`.
async fn answers_rabbitmq(address: SocketAddr) -> bool {
    let answer = exchange(address, b"AMQP\0\0\x09\x01").await;
    answer.is_some_and(|answer| answer[..3] == [1, 0, 0] && answer[7..11] == [0, 10, 0, 10])
}

/// The first bytes of the answer.
async fn exchange(address: SocketAddr, question: &[u8]) -> Option<[u8; 16]> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(question).await?;
        let mut answer = [0; 16];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    timeout(PATIENCE, asked).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::services::SERVICES;

    #[tokio::test]
    async fn whoever_listens_is_no_server_unless_it_answers_like_one() {
        let nobody = loopback(1);
        assert!(!answers_mongodb(nobody).await && !answers_rabbitmq(nobody).await);
        // It never accepts.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let silent = silent.local_addr().expect("an address");
        assert!(!answers_mongodb(silent).await && !answers_rabbitmq(silent).await);
    }

    #[tokio::test]
    async fn real_servers_answer_and_each_is_told_from_the_other() {
        let port =
            |url: String| url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
        let servers =
            spawn_blocking(|| (mongo::Server::start(), rabbit::Broker::start())).await.expect("no panic");
        if let Some(server) = &servers.0 {
            let address = loopback(port(server.url()));
            assert!(answers_mongodb(address).await && !answers_rabbitmq(address).await);
        }
        if let Some(broker) = &servers.1 {
            let address = loopback(port(broker.url()));
            assert!(answers_rabbitmq(address).await && !answers_mongodb(address).await);
        }
    }

    #[test]
    fn services_get_what_was_found_and_nothing_that_the_environment_says() {
        let url = |found: &Found| {
            let backing = Backing { mongodb: found.clone(), rabbitmq: found.clone() };
            backing.environment(&SERVICES[0])
        };
        let here = Found::Here("x://y".to_owned());
        assert_eq!(url(&here), [("MONGODB_URL", "x://y".to_owned()), ("RABBITMQ_URL", "x://y".to_owned())]);
        assert_eq!(url(&Found::Named), []);
        assert_eq!(url(&Found::Nowhere), []);
    }
}

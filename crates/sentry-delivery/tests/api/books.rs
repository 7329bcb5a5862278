//! A receiver that replies by a list, and keeps books of what it has replied to what.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the receiver does with an envelope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reply {
    Taken,
    /// It takes this one, and no more of these categories for so many seconds.
    TakenLimited(u64, &'static str),
    Status(u16),
    /// 429, for so many seconds for these categories.
    Limited(u64, &'static str),
    /// 429 with nothing but seconds.
    RetryAfter(u64),
    /// It closes the connection instead.
    Cut,
}

impl Reply {
    fn is_taken(self) -> bool {
        matches!(self, Self::Taken | Self::TakenLimited(..))
    }

    /// Limits that are waited for are shorter than half a minute.
    fn is_limit(self, for_long: bool) -> bool {
        matches!(self, Self::Limited(seconds, _) | Self::RetryAfter(seconds) if (seconds > 30) == for_long)
    }

    fn head(self) -> Option<(u16, String)> {
        let limits =
            |seconds: u64, categories: &str| format!("X-Sentry-Rate-Limits: {seconds}:{categories}:key\r\n");
        Some(match self {
            Self::Taken => (200, String::new()),
            Self::TakenLimited(seconds, categories) => (200, limits(seconds, categories)),
            Self::Status(status) => (status, String::new()),
            Self::Limited(seconds, categories) => (429, limits(seconds, categories)),
            Self::RetryAfter(seconds) => (429, format!("Retry-After: {seconds}\r\n")),
            Self::Cut => return None,
        })
    }
}

/// What has become of a category.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Taken, by their ids.
    pub(crate) delivered: u64,
    /// Of client reports.
    pub(crate) discarded: u64,
    /// By a 429 for long: the receiver counts these itself.
    pub(crate) refused: u64,
    /// By a 429 for a moment at last, which another limit may have made a long one.
    pub(crate) unsure: u64,
    /// Sent again though they were taken.
    pub(crate) twice: u64,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Books {
    /// Replies to each event and transaction, by category and id.
    replies: HashMap<(String, String), Vec<Reply>>,
    discarded: HashMap<String, u64>,
}

impl Books {
    pub(crate) fn of(&self, category: &str) -> Account {
        let mut account =
            Account { discarded: self.discarded.get(category).copied().unwrap_or(0), ..Account::default() };
        for replies in self.replies.iter().filter(|((its, _), _)| its == category).map(|(_, it)| it) {
            let last = replies.last().copied();
            match replies.iter().position(|reply| reply.is_taken()) {
                Some(first) => {
                    account.delivered += 1;
                    account.twice += u64::from(first + 1 < replies.len());
                }
                None if last.is_some_and(|it| it.is_limit(true)) => account.refused += 1,
                None => account.unsure += u64::from(last.is_some_and(|it| it.is_limit(false))),
            }
        }
        account
    }

    fn enter(&mut self, envelope: &[u8], reply: Reply) {
        for (ty, payload) in items(envelope) {
            if ty == "event" || ty == "transaction" {
                let category = if ty == "event" { "error" } else { "transaction" };
                let key = (category.to_owned(), payload["event_id"].to_string());
                self.replies.entry(key).or_default().push(reply);
            } else if ty == "client_report" && reply.is_taken() {
                for line in payload["discarded_events"].as_array().into_iter().flatten() {
                    let category = line["category"].as_str().unwrap().to_owned();
                    *self.discarded.entry(category).or_default() += line["quantity"].as_u64().unwrap();
                }
            }
        }
    }
}

/// Types and payloads; each item says how long it is.
fn items(envelope: &[u8]) -> Vec<(String, Value)> {
    let line = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (mut rest, mut items) = (envelope.get(line(envelope) + 1..).unwrap_or_default(), Vec::new());
    while !rest.is_empty() {
        let (header, after) = rest.split_at(line(rest));
        let header: Value = serde_json::from_slice(header).unwrap();
        let length = header["length"].as_u64().unwrap() as usize;
        let payload = &after[1..][..length];
        items.push((
            header["type"].as_str().unwrap().to_owned(),
            serde_json::from_slice(payload).unwrap_or_default(),
        ));
        rest = after.get(length + 2..).unwrap_or_default();
    }
    items
}

#[derive(Default)]
struct State {
    replies: Vec<Reply>,
    replied: usize,
    books: Books,
}

pub(crate) struct Receiver {
    pub(crate) dsn: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { dsn, state }
    }

    pub(crate) fn reply(&self, replies: Vec<Reply>) {
        let mut state = self.state.lock().unwrap();
        (state.replies, state.replied) = (replies, 0);
    }

    pub(crate) fn books(&self) -> Books {
        self.state.lock().unwrap().books.clone()
    }
}

/// Serves a connection until either side closes it.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) -> io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(envelope) = read_envelope(&mut stream, &mut bytes).await? {
        let reply = {
            let mut state = state.lock().unwrap();
            let reply = state.replies.get(state.replied).copied().unwrap_or(Reply::Taken);
            state.replied = (state.replied + 1) % state.replies.len().max(1);
            state.books.enter(&envelope, reply);
            reply
        };
        let Some((status, headers)) = reply.head() else { return Ok(()) };
        let answer = format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// The envelope of the next request on a connection; `None` if the other side closes it. `bytes` are what was read.
pub(crate) async fn read_envelope(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> io::Result<Option<Vec<u8>>> {
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let length: usize = header("content-length").unwrap().parse().unwrap();
    let is_gzip = header("content-encoding") == Some("gzip");
    while bytes.len() < end + length {
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut envelope: Vec<u8> = bytes.drain(..end + length).skip(end).collect();
    if is_gzip {
        let packed = std::mem::take(&mut envelope);
        GzDecoder::new(&*packed).read_to_end(&mut envelope)?;
    }
    Ok(Some(envelope))
}

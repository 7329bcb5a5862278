//! Requests over kept-alive connections, with as little work for each as possible: the service must be the bottleneck.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// How many requests, and how fast.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    /// As many as are answered in this time.
    For(Duration),
    /// This many, as fast as they are answered; no new ones after [`LIMIT`].
    Count(usize),
    /// So many a second, for this time; no new ones afterwards, even if many are late.
    Rate(usize, Duration),
}

/// Where a burst ends: the stock SDK needs 20 minutes for 10,000 panics when its Sentry is 40 ms away.
const LIMIT: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    /// Requests that were answered, by whatever status.
    pub(crate) answered: usize,
    /// Connections that were closed without an answer.
    pub(crate) dropped: usize,
    /// How many of the answers had which status.
    pub(crate) statuses: BTreeMap<u16, usize>,
    /// How long it took.
    pub(crate) elapsed: Duration,
    latencies: Vec<u32>,
}

impl Answers {
    /// Of those that were dropped, too: the stock integration lets a panic close the connection.
    pub(crate) fn per_second(&self) -> f64 {
        (self.answered + self.dropped) as f64 / self.elapsed.as_secs_f64()
    }

    /// Adds those of another load at the same time.
    pub(crate) fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.dropped += other.dropped;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latencies.extend(other.latencies);
    }

    /// Latency at a quantile, milliseconds.
    pub(crate) fn quantile(&mut self, quantile: f64) -> f64 {
        self.latencies.sort_unstable();
        let at =
            ((self.latencies.len() as f64 * quantile) as usize).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |microseconds| f64::from(*microseconds) / 1e3)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) path: &'static str,
    /// JSON to be posted, in which `USER` becomes one of as many users as there are connections.
    pub(crate) body: Option<&'static str>,
}

impl Request {
    pub(crate) const fn get(path: &'static str) -> Self {
        Self { path, body: None }
    }

    fn bytes(&self, address: SocketAddr, connection: usize) -> Vec<u8> {
        let head = |method: &str| {
            let path = self.path;
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench\r\nX-User-Id: u-1\r\n")
        };
        let text = match self.body {
            None => format!("{}\r\n", head("GET")),
            Some(body) => {
                let body = body.replace("USER", &format!("u-{connection}"));
                let head = head("POST");
                let length = body.len();
                format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
            }
        };
        text.into_bytes()
    }
}

struct Work {
    address: SocketAddr,
    deadline: Instant,
    left: usize,
    answers: Answers,
}

/// Sends requests.
pub(crate) async fn send(
    address: SocketAddr,
    request: Request,
    amount: Amount,
    connections: usize,
) -> Answers {
    let begin = Instant::now();
    let (deadline, left) = match amount {
        Amount::For(time) => (begin + time, usize::MAX),
        Amount::Count(count) => (begin + LIMIT, count),
        Amount::Rate(rate, time) => (begin + time, (rate as f64 * time.as_secs_f64()) as usize),
    };
    let answers = Answers::default();
    let work = Rc::new(RefCell::new(Work { address, deadline, left, answers }));
    let tasks = LocalSet::new();
    let mut at_work = Vec::new();
    for number in 0..connections {
        let work = Rc::clone(&work);
        let request = request.bytes(address, number);
        at_work.push(match amount {
            Amount::Rate(rate, _) => {
                let turns = (begin, rate, number, connections);
                tasks.spawn_local(at_rate(work, request, turns))
            }
            _ => tasks.spawn_local(one_after_the_other(work, request)),
        });
    }
    // Never asleep: waking it would be work, and the service would do it with each of its answers.
    tasks.spawn_local(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    tasks.run_until(join_all(at_work)).await;
    let mut answers = std::mem::take(&mut work.borrow_mut().answers);
    answers.elapsed = begin.elapsed();
    answers
}

async fn one_after_the_other(work: Rc<RefCell<Work>>, request: Vec<u8>) {
    let mut connection = None;
    while take_one(&work) && Instant::now() < work.borrow().deadline {
        let begin = Instant::now();
        one(&work, &mut connection, &request, begin).await;
    }
}

/// Every connection takes each n-th moment. Latency counts from the moment at which the request was due.
async fn at_rate(
    work: Rc<RefCell<Work>>,
    request: Vec<u8>,
    (begin, rate, number, connections): (Instant, usize, usize, usize),
) {
    let mut connection = None;
    let mut turn = number;
    while take_one(&work) && Instant::now() < work.borrow().deadline {
        let due = begin + Duration::from_secs_f64(turn as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        // The timer is a millisecond too late at most; that is not the service's fault.
        one(&work, &mut connection, &request, Instant::now()).await;
        turn += connections;
    }
}

fn take_one(work: &RefCell<Work>) -> bool {
    let mut work = work.borrow_mut();
    let some = work.left > 0;
    work.left = work.left.saturating_sub(1);
    some
}

async fn one(
    work: &RefCell<Work>,
    connection: &mut Option<(TcpStream, Vec<u8>)>,
    request: &[u8],
    begin: Instant,
) {
    let address = work.borrow().address;
    if connection.is_none()
        && let Ok(stream) = TcpStream::connect(address).await
    {
        let _ = stream.set_nodelay(true);
        *connection = Some((stream, Vec::with_capacity(64 * 1024)));
    }
    let status = match connection {
        Some((stream, buffer)) => exchange(stream, buffer, request).await.unwrap_or_default(),
        None => None,
    };
    let mut work = work.borrow_mut();
    work.answers.latencies.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
    if let Some(status) = status {
        work.answers.answered += 1;
        *work.answers.statuses.entry(status).or_default() += 1;
    } else {
        work.answers.dropped += 1;
        *connection = None;
    }
}

/// Sends one request and reads its answer, which must have a content length; its status. `None` if there was none.
async fn exchange(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    request: &[u8],
) -> std::io::Result<Option<u16>> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        if let Some(body) = find(buffer, b"\r\n\r\n")
            && buffer.len() >= body + 4 + content_length(&buffer[..body])
        {
            return Ok(Some(status(buffer)));
        }
    }
}

/// In the first line: `HTTP/1.1 200 OK`.
fn status(head: &[u8]) -> u16 {
    let digits = head.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length: ";
    let digits = find(head, NAME).map_or(&[][..], |at| &head[at + NAME.len()..]);
    digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, byte| sum * 10 + usize::from(byte - b'0'))
}

/// Where some bytes are among others.
pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

//! A proxy before MongoDB that breaks off at a command: before the server has it, or before the client has the answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use database::mongodb::bson::Document;

/// Where it breaks off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum At {
    /// The server never gets the command.
    Command,
    /// The server carries the command out, and the client never gets the answer.
    Answer,
}

/// What it does there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    Close,
    /// Closes all connections, and takes no new ones.
    Leave,
    /// Nothing more goes through this connection, and it stays open.
    Hold,
}

#[derive(Debug, Default)]
struct State {
    /// Where, what, the command, its collection.
    rule: Option<(At, Then, &'static str, &'static str)>,
    /// How often it broke off.
    hits: usize,
    /// Commands that are held, and where they belong.
    held: Vec<(TcpStream, Vec<u8>)>,
    /// Answers that nobody got.
    unheard: usize,
    away: bool,
    open: Vec<TcpStream>,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The proxy. It serves until the process ends.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Shared,
}

impl Proxy {
    /// Before the server of that URL.
    pub(crate) fn start(url: &str) -> Self {
        let server = url.trim_start_matches("mongodb://").split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared::default();
        let proxy = Self { port, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !shared.0.lock().unwrap().away {
                    serve(client, TcpStream::connect(&server).unwrap(), &shared);
                }
            }
        });
        proxy
    }

    /// A URL of the same database, through it.
    pub(crate) fn url(&self, of: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{}", self.port, fixtures::mongo::database_of(Some(of), ""))
    }

    /// Closes the connection at the next such command.
    pub(crate) fn close_at(&self, at: At, command: &'static str, collection: &'static str) {
        self.shared.0.lock().unwrap().rule = Some((at, Then::Close, command, collection));
    }

    /// Goes away at the next such command, see [`Proxy::come_back`].
    pub(crate) fn leave_at(&self, at: At, command: &'static str, collection: &'static str) {
        self.shared.0.lock().unwrap().rule = Some((at, Then::Leave, command, collection));
    }

    /// Lets all such commands, or their answers, stay where they are until [`Proxy::release`].
    pub(crate) fn hold_at(&self, at: At, command: &'static str, collection: &'static str) {
        self.shared.0.lock().unwrap().rule = Some((at, Then::Hold, command, collection));
    }

    /// Takes connections again.
    pub(crate) fn come_back(&self) {
        self.shared.0.lock().unwrap().away = false;
    }

    /// How often it broke off.
    pub(crate) fn hits(&self) -> usize {
        self.shared.0.lock().unwrap().hits
    }

    /// Waits until it has broken off.
    pub(crate) fn wait_for_hit(&self) {
        self.wait_until("the command", |state| state.hits > 0);
    }

    /// Holds no more, sends the server what was held, and waits until it has answered.
    pub(crate) fn release(&self) {
        let mut state = self.shared.0.lock().unwrap();
        state.rule = None;
        let held = std::mem::take(&mut state.held);
        drop(state);
        let count = held.len();
        for (mut server, message) in held {
            server.write_all(&message).unwrap();
        }
        self.wait_until("the answers", |state| state.unheard >= count);
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let (state, changed) = &*self.shared;
        let limit = Duration::from_secs(60);
        let waited = changed.wait_timeout_while(state.lock().unwrap(), limit, |state| !holds(state)).unwrap();
        assert!(!waited.1.timed_out(), "{what} never came");
    }
}

fn serve(client: TcpStream, server: TcpStream, shared: &Shared) {
    let mut state = shared.0.lock().unwrap();
    state.open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    drop(state);
    let deaf = Arc::new(Mutex::new(None));
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (there, heard) = (Arc::clone(shared), Arc::clone(&deaf));
    thread::spawn(move || {
        while let Some(message) = read(&mut from) {
            let rule = there.0.lock().unwrap().matches(&message);
            match rule {
                None => _ = to.write_all(&message),
                Some((At::Answer, then)) => {
                    *heard.lock().unwrap() = Some(then);
                    let _ = to.write_all(&message);
                }
                Some((At::Command, then @ (Then::Close | Then::Leave))) => {
                    hit(&there, |state| state.leave_if(then == Then::Leave));
                    break;
                }
                Some((At::Command, Then::Hold)) => {
                    *heard.lock().unwrap() = Some(Then::Hold);
                    let held = (to.try_clone().unwrap(), message);
                    hit(&there, |state| state.held.push(held));
                    // The client may hang up; the server must not see that.
                    return;
                }
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        if heard.lock().unwrap().is_none() {
            let _ = to.shutdown(Shutdown::Both);
        }
    });
    let (mut from, mut to, there) = (server, client, Arc::clone(shared));
    thread::spawn(move || {
        while let Some(message) = read(&mut from) {
            let then = *deaf.lock().unwrap();
            match then {
                None => _ = to.write_all(&message),
                Some(Then::Hold) => hit(&there, |state| state.unheard += 1),
                Some(then) => {
                    hit(&there, |state| state.leave_if(then == Then::Leave));
                    break;
                }
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

fn hit(shared: &Shared, change: impl FnOnce(&mut State)) {
    let mut state = shared.0.lock().unwrap();
    state.hits += 1;
    change(&mut state);
    shared.1.notify_all();
}

impl State {
    fn leave_if(&mut self, leaves: bool) {
        if leaves {
            self.away = true;
            self.open.drain(..).for_each(|stream| _ = stream.shutdown(Shutdown::Both));
        }
    }

    /// What is held is held however often it is tried; other rules hold once.
    fn matches(&mut self, message: &[u8]) -> Option<(At, Then)> {
        let (at, then, command, collection) = self.rule?;
        // Length, request, response, operation, flags, kind of section; then the command.
        let document = Document::from_reader(message.get(21..)?).ok()?;
        if document.get_str(command).is_ok_and(|name| name == collection) {
            self.rule = self.rule.filter(|_| then == Then::Hold);
            return Some((at, then));
        }
        None
    }
}

/// One message of MongoDB's wire protocol: its length comes first.
fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut message = vec![0; 4];
    stream.read_exact(&mut message).ok()?;
    let length = u32::from_le_bytes(message[..4].try_into().ok()?) as usize;
    message.resize(length, 0);
    stream.read_exact(&mut message[4..]).ok()?;
    Some(message)
}

//! A real MongoDB server for tests: `MONGODB_URL` if it is set, else a `mongod` of our own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A server of one test's own, which it may kill. Stopped when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a server on a free port. `None` where there is none to start; then the reason is printed.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        Some(Self { child: spawn(port)?, port })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on its port, empty.
    pub fn restart(&mut self) {
        if let Some(child) = spawn(self.port) {
            self.child = child;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The URL of the server that all tests of this process share.
pub fn url() -> Option<String> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    let named = std::env::var("MONGODB_URL").ok();
    named.or_else(|| SHARED.get_or_init(Server::start).as_ref().map(Server::url))
}

fn spawn(port: u16) -> Option<Child> {
    let mut command = Command::new("mongod");
    command.args(["--port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(child) = command.spawn() else {
        eprintln!("skipped: no MongoDB (neither MONGODB_URL nor a mongod on PATH)");
        return None;
    };
    let end = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(child)
}

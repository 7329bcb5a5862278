//! Where to listen: the usual port if it is free, else one that the system picks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The usual port of the inbox.
pub const INBOX_PORT: u16 = inbox::variables::PORT.default_port();

/// Whether usual ports are wanted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The usual one if it is free.
    Usual,
    /// Always a free one.
    Free,
}

/// A loopback port for each of the usual ones, all different.
///
/// The function binds each port to find it and closes it again. Another process may take it before the service does; the
/// service then says that the port is taken. A free port is one that no outgoing connection gets by itself: on a busy
/// machine those take some of the system's own choice at any moment.
pub fn choose(usual: &[u16], preference: Preference) -> io::Result<Vec<u16>> {
    let listeners: Vec<_> = usual.iter().map(|port| listen(*port, preference)).collect::<io::Result<_>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

fn listen(usual: u16, preference: Preference) -> io::Result<TcpListener> {
    match preference {
        Preference::Usual => TcpListener::bind(loopback(usual)).or_else(|_| listen_anywhere()),
        Preference::Free => listen_anywhere(),
    }
}

/// Below where [Linux](https://docs.kernel.org/networking/ip-sysctl.html) and macOS choose the ports of connections.
const QUIET: std::ops::Range<u16> = 15_000..32_000;

/// How many ports are tried there before the system chooses.
const TRIES: usize = 50;

fn listen_anywhere() -> io::Result<TcpListener> {
    let ports = (0..TRIES).map(|_| rand::random_range(QUIET)).chain([0]);
    let mut listeners = ports.map(|port| TcpListener::bind(loopback(port)));
    listeners.find(Result::is_ok).unwrap_or_else(|| TcpListener::bind(loopback(0)))
}

/// The loopback address with that port.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

//! Where to listen: the usual port if it is free, else one that the system picks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

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
/// service then says that the port is taken.
pub fn choose(usual: &[u16], preference: Preference) -> io::Result<Vec<u16>> {
    let listeners: Vec<_> = usual.iter().map(|port| listen(*port, preference)).collect::<io::Result<_>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

fn listen(usual: u16, preference: Preference) -> io::Result<TcpListener> {
    match preference {
        Preference::Usual => TcpListener::bind(loopback(usual)).or_else(|_| TcpListener::bind(loopback(0))),
        Preference::Free => TcpListener::bind(loopback(0)),
    }
}

/// The loopback address with that port.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

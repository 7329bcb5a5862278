//! Where to listen: the usual port if it is free, else one that nobody uses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

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

/// A loopback port for a server that starts later.
///
/// On Linux, it is held as long as this lives: a server that sets `SO_REUSEADDR`, as servers do, can listen there, but no
/// other [`choose`] finds it, and the system gives it to no connection. Without that, of two demos that start at once, one
/// may serve what the other's clients ask for. Other systems let no second socket have the port, so there it is only known
/// to have been free.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _held: Option<Socket>,
}

impl Port {
    /// The number.
    pub fn number(&self) -> u16 {
        self.number
    }

    fn usual(number: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Connections that have just ended leave the port in use for a minute.
        socket.set_reuse_address(true)?;
        Self::held(socket, number)
    }

    fn free(number: u16) -> io::Result<Self> {
        Self::held(Socket::new(Domain::IPV4, Type::STREAM, None)?, number)
    }

    /// Sharing is allowed only afterwards where nobody else may have the port.
    fn held(socket: Socket, number: u16) -> io::Result<Self> {
        socket.bind(&loopback(number).into())?;
        socket.set_reuse_address(true)?;
        let bound = socket.local_addr()?.as_socket().map_or(number, |address| address.port());
        Ok(Self { number: bound, _held: Some(socket) })
    }
}

/// This port, whether it is free or not.
impl From<u16> for Port {
    fn from(number: u16) -> Self {
        Self { number, _held: None }
    }
}

/// A loopback port for each of the usual ones, all different.
///
/// A free port is one that no outgoing connection gets by itself: on a busy machine those take some of the system's own
/// choice at any moment.
pub fn choose(usual: &[u16], preference: Preference) -> io::Result<Vec<Port>> {
    let ports = usual.iter().map(|usual| match preference {
        Preference::Usual => Port::usual(*usual).or_else(|_| free()),
        Preference::Free => free(),
    });
    let mut ports: Vec<_> = ports.collect::<io::Result<_>>()?;
    if !cfg!(target_os = "linux") {
        ports.iter_mut().for_each(|port| port._held = None);
    }
    Ok(ports)
}

/// Below where [Linux](https://docs.kernel.org/networking/ip-sysctl.html) and macOS choose the ports of connections.
const QUIET: std::ops::Range<u16> = 15_000..32_000;

/// How many ports are tried there before the system chooses.
const TRIES: usize = 50;

fn free() -> io::Result<Port> {
    let ports = (0..TRIES).map(|_| rand::random_range(QUIET));
    ports.map(Port::free).find(Result::is_ok).unwrap_or_else(|| Port::free(0))
}

/// The loopback address with that port.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_server_can_listen_at_a_port_that_nobody_else_can_choose_meanwhile() {
        let port = free().expect("a port");
        let at = loopback(port.number());
        assert!(Port::free(port.number()).is_err());
        assert_eq!(
            TcpStream::connect(at).expect_err("nobody listens").kind(),
            io::ErrorKind::ConnectionRefused
        );
        for _ in ["the first", "one that was started again"] {
            // A child that another test starts has a copy of the former server's socket until its program runs.
            let end = Instant::now() + Duration::from_secs(30);
            let server = loop {
                match TcpListener::bind(at) {
                    Err(_) if Instant::now() < end => std::thread::yield_now(),
                    bound => break bound.expect("the port"),
                }
            };
            TcpStream::connect(at).expect("a connection");
            drop(server);
            assert!(Port::free(port.number()).is_err());
        }
    }

    #[test]
    fn a_usual_port_with_a_server_is_passed_over() {
        let port = free().expect("a port");
        let taken = port.number();
        let server = TcpListener::bind(loopback(taken)).expect("the port");
        let chosen = choose(&[taken, taken], Preference::Usual).expect("ports");
        assert!(chosen.iter().all(|port| port.number() != taken) && chosen[0].number() != chosen[1].number());
        drop(server);
        let chosen = choose(&[taken], Preference::Usual).expect("ports");
        assert_eq!(chosen[0].number(), taken);
    }
}

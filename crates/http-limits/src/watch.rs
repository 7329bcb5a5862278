//! The watch of a worker: looks at its connections a few times a second while there are any.

use std::any::Any;
use std::cell::RefCell;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use actix_web::dev::Extensions;
use actix_web::rt;

use crate::Limits;
use crate::connection::Connection;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

thread_local! {
    /// A worker is a thread.
    static WATCHED: RefCell<Vec<Weak<Connection>>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn add(socket: &dyn Any, extensions: &mut Extensions, limits: Limits, max: usize) {
    let socket = socket.downcast_ref::<rt::net::TcpStream>();
    let duplicate = socket.and_then(|socket| socket.as_fd().try_clone_to_owned().ok()).map(TcpStream::from);
    let connection = Rc::new(Connection::new(duplicate, limits));
    let first = WATCHED.with_borrow_mut(|watched| {
        watched.push(Rc::downgrade(&connection));
        watched.len() == 1
    });
    extensions.insert(connection);
    if first {
        rt::spawn(watch(max));
    }
}

async fn watch(max: usize) {
    loop {
        let looked = Instant::now();
        rt::time::sleep(INTERVAL).await;
        let connections: Vec<_> = WATCHED.with_borrow_mut(|watched| {
            watched.retain(|connection| connection.strong_count() > 0);
            watched.iter().filter_map(Weak::upgrade).collect()
        });
        if connections.is_empty() {
            return;
        }
        let crowded = connections.len() >= max - max / 4;
        let now = Instant::now();
        // What came while the worker was blocked is not read yet: its client was not late.
        let blocked = now.duration_since(looked).saturating_sub(INTERVAL);
        for connection in &connections {
            connection.excuse(blocked, now);
            connection.enforce(now, crowded);
        }
    }
}

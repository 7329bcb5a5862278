//! As many requests at once as the way to the receiver asks for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use sentry_delivery::Delivery;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::books::read_envelope;
use crate::helpers::{App, close, errors, hub, inbox, until};

/// What the client has under way to a receiver that is near, and at most.
const USUAL: usize = 64;
const MOST: usize = 256;

/// As long as light takes to the other side of the world and back.
const FAR: Duration = Duration::from_millis(130);

/// How many connections a receiver has, and how many requests on them wait for their answer.
#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
}

/// A receiver that is far away. Its DSN.
async fn far_away() -> (String, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
    let counts = Arc::<Counts>::default();
    let counted = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counts = Arc::clone(&counted);
            tokio::spawn(async move {
                counts.connections.fetch_add(1, SeqCst);
                let _ = serve(stream, &counts).await;
                counts.connections.fetch_sub(1, SeqCst);
            });
        }
    });
    (dsn, counts)
}

async fn serve(mut stream: TcpStream, counts: &Counts) -> io::Result<()> {
    let mut bytes = Vec::new();
    while read_envelope(&mut stream, &mut bytes).await?.is_some() {
        let waiting = counts.waiting.fetch_add(1, SeqCst) + 1;
        counts.most_waiting.fetch_max(waiting, SeqCst);
        tokio::time::sleep(FAR).await;
        counts.waiting.fetch_sub(1, SeqCst);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
    }
    Ok(())
}

#[actix_web::test]
async fn a_receiver_that_is_far_away_gets_more_requests_at_once_up_to_a_bound_and_fewer_again_afterwards() {
    let (dsn, counts) = far_away().await;
    let app = App { hub: hub(&dsn, Delivery::default()), inbox: inbox(inbox::Answer::default()).await };
    // A machine so busy that answers take longer than half a second looks like a receiver that is overloaded.
    for _ in 0..20 {
        errors(&app.hub, 1_000);
        app.flush().await;
        if counts.most_waiting.load(SeqCst) > USUAL {
            break;
        }
    }
    let most = counts.most_waiting.load(SeqCst);
    assert!((USUAL + 1..=MOST).contains(&most), "{most}");
    until(|| counts.connections.load(SeqCst) <= USUAL).await;
    until(|| counts.connections.load(SeqCst) == 0).await;
    assert!(close(&app.hub).await);
}

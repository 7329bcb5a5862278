//! How much memory a queue takes, whatever is in it.

use std::collections::BTreeMap;
use std::fs;

use sentry::Level;
use sentry::protocol::{Event, Request};
use sentry_delivery::Delivery;

use crate::helpers::{app_with, noise, status};

/// What this process takes, MiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[actix_web::test]
async fn events_with_a_megabyte_of_headers_or_extra_stay_within_the_bound_of_their_queue() {
    let app = app_with(Delivery::default(), status(503)).await;
    let before = resident();
    let text = noise(1_000_000, 7);
    for number in 0..1_000 {
        let headers = BTreeMap::from([("x-long".to_owned(), text.clone())]);
        let extra = BTreeMap::from([("long".to_owned(), text.clone().into())]);
        let in_headers = number % 2 == 0;
        app.hub.capture_event(Event {
            level: Level::Error,
            request: in_headers.then(|| Request { headers, ..Request::default() }),
            extra: if in_headers { BTreeMap::new() } else { extra },
            ..Event::default()
        });
    }
    let taken = resident().saturating_sub(before);
    // Of a thousand megabytes, 144 MiB may wait for the encoder and the receiver. Other tests of this process take some,
    // too, and without a native platform the allocator keeps some of what was freed.
    assert!(taken < 750, "{taken} MiB");
}

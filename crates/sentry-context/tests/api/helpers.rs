//! A client of a service.

use std::time::Duration;

use sentry_context::client::{self, Config, Delivery, Service};
use sentry_context::platform::Portable;
use sentry_context::profile::Profiling;
use sentry_context::sentry::{Envelope, Hub};

pub(crate) static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["api"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

/// A wait for something that never happens fails the test after this time. The transport yields to everything else.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn config(dsn: &str, delivery: Delivery) -> Config {
    Config {
        service: &SERVICE,
        dsn: (!dsn.is_empty()).then(|| dsn.parse().unwrap()),
        release: "shop@test".to_owned(),
        environment: "test".to_owned(),
        traces_sample_rate: 1.0,
        rules: "".parse().unwrap(),
        delivery,
        stall_threshold: client::STALL_THRESHOLD,
        profiling: Profiling::default(),
    }
}

/// Ends the client as soon as a receiver that is well has got everything, however busy the machine is.
pub(crate) async fn close(hub: &Hub) -> bool {
    let client = hub.client().unwrap();
    // Brings what the SDK has still to report.
    client.send_envelope(Envelope::new());
    tokio::task::spawn_blocking(move || client.close(Some(PATIENCE))).await.unwrap()
}

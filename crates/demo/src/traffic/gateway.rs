//! The gateway in front of the services: the root span of a visit, a span for each call, and the transaction of it all.

//!
//! Transactions are delivered like those of a service, by the same delivery: it obeys rate limits, waits through
//! outages, keeps a bounded number, and reports what it discards.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use inbox::timestamp;
use reqwest::{Client, RequestBuilder, Response};
use sentry_context::sentry::types::Dsn;
use sentry_context::sentry::{ClientOptions, Envelope, Transport, TransportFactory, TransportOptions};
use sentry_context::sentry_delivery::{Delivery, HttpTransportFactory, Plain};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::player::Player;
use crate::http::reason;
use crate::variables;

/// Its name, as an SDK and as a service.
const NAME: &str = "sentry-demo.gateway";
const SERVICE: &str = "gateway";

/// Its release.
const RELEASE: &str = concat!("gateway@", env!("CARGO_PKG_VERSION"));

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long what waits for delivery is waited for at the end.
const FLUSH: Duration = Duration::from_secs(2);

/// Calls services, and sends what became of the calls.
#[derive(Debug, Clone)]
pub struct Gateway {
    http: Client,
    /// Where its envelopes go. Of one that is none, the services say what is wrong with it.
    dsn: Option<Dsn>,
    environment: String,
    /// Started by the first transaction: without traffic it is not needed.
    delivery: Arc<OnceLock<Option<Sender>>>,
}

struct Sender(Arc<dyn Transport>);

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sender")
    }
}

/// The gateway cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

/// A visit on its way through the gateway.
#[derive(Debug)]
pub struct Visit<'a> {
    gateway: &'a Gateway,
    name: &'static str,
    player: Player,
    trace_id: String,
    span_id: String,
    start: f64,
    spans: Mutex<Vec<Value>>,
}

impl Gateway {
    /// A gateway whose transactions go to a DSN.
    pub fn new(dsn: &str) -> Result<Self, GatewayError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().timeout(TIMEOUT).user_agent(SERVICE).build();
        let environment = variables::of_clients("SENTRY_ENVIRONMENT").unwrap_or_default();
        let http = http.map_err(GatewayError::Http)?;
        Ok(Self { http, dsn: dsn.parse().ok(), environment, delivery: Arc::default() })
    }

    fn key(&self) -> &str {
        self.dsn.as_ref().map_or("", Dsn::public_key)
    }

    /// Hands an envelope over to the delivery, which never waits.
    fn send(&self, envelope: Vec<u8>) {
        let delivery = self.delivery.get_or_init(|| self.dsn.clone().and_then(sender));
        if let (Some(Sender(transport)), Ok(envelope)) = (delivery, Envelope::from_bytes_raw(envelope)) {
            transport.send_envelope(envelope);
        }
    }

    /// Waits until everything is delivered, for 2 s at most.
    pub async fn flush(&self) {
        if let Some(Some(Sender(transport))) = self.delivery.get() {
            let transport = Arc::clone(transport);
            let _ = spawn_blocking(move || transport.flush(FLUSH)).await;
        }
    }

    /// Begins a visit; its transaction has that name.
    pub fn begin(&self, name: &'static str, player: Player) -> Visit<'_> {
        Visit {
            gateway: self,
            name,
            player,
            trace_id: Uuid::new_v4().simple().to_string(),
            span_id: span_id(),
            start: timestamp::now(),
            spans: Mutex::new(Vec::new()),
        }
    }
}

impl Visit<'_> {
    /// Calls a service within a span of its own. `description` names the service, whatever its address.
    pub async fn call(
        &self,
        description: &str,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Response, String> {
        let (span_id, start) = (span_id(), timestamp::now());
        let request = request(&self.gateway.http)
            .header("sentry-trace", format!("{}-{span_id}-1", self.trace_id))
            .header("baggage", self.baggage())
            .header("X-User-Id", self.player.name);
        let mut span = SpanOnDrop { visit: self, span_id, description, start, status: None };
        let answer = request.send().await.map_err(|error| reason(&error));
        span.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        answer
    }

    /// Sends the transaction. `None` is a caller that hung up.
    pub fn end(self, status: Option<u16>) {
        let id = Uuid::new_v4().simple().to_string();
        let transaction = self.transaction(&id, status);
        let trace = json!({
            "trace_id": self.trace_id, "public_key": self.gateway.key(), "release": RELEASE,
            "environment": self.gateway.environment, "transaction": self.name, "sampled": "true", "sample_rate": "1",
        });
        let header = json!({
            "event_id": id, "trace": trace, "sdk": { "name": NAME, "version": env!("CARGO_PKG_VERSION") },
        });
        let item = transaction.to_string();
        let item_header = json!({ "type": "transaction", "length": item.len() });
        self.gateway.send(format!("{header}\n{item_header}\n{item}\n").into_bytes());
    }

    fn transaction(&self, id: &str, status: Option<u16>) -> Value {
        let spans = std::mem::take(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner));
        let (method, route) = self.name.split_once(' ').unwrap_or(("GET", self.name));
        let data = json!({
            "http.request.method": method, "http.route": route, "http.response.status_code": status.unwrap_or(499),
        });
        json!({
            "event_id": id, "type": "transaction", "platform": "other", "transaction": self.name,
            "transaction_info": { "source": "route" }, "start_timestamp": self.start, "timestamp": timestamp::now(),
            "release": RELEASE, "environment": self.gateway.environment, "server_name": SERVICE,
            "tags": { "service": SERVICE }, "user": { "id": self.player.name, "username": self.player.name },
            "contexts": { "trace": {
                "trace_id": self.trace_id, "span_id": self.span_id, "op": "http.server",
                "status": span_status(status), "data": data,
            } },
            "spans": spans,
        })
    }

    fn baggage(&self) -> String {
        let transaction = self.name.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D");
        let (key, environment) = (self.gateway.key(), &self.gateway.environment);
        format!(
            "sentry-trace_id={},sentry-public_key={key},sentry-release={},sentry-environment={environment},\
             sentry-transaction={transaction},sentry-sampled=true,sentry-sample_rate=1",
            self.trace_id,
            RELEASE.replace('@', "%40"),
        )
    }
}

/// The delivery of services, to a DSN.
fn sender(dsn: Dsn) -> Option<Sender> {
    let mut options = ClientOptions::new();
    options.dsn = Some(dsn);
    options.user_agent = format!("{NAME}/{}", env!("CARGO_PKG_VERSION")).into();
    let factory = HttpTransportFactory::new(SERVICE, Plain, Delivery::default());
    let transport =
        factory.create_transport_with_options(TransportOptions::try_from_client_options(&options)?);
    Some(Sender(transport))
}

/// A call that is under way: its span ends with it, also where the player hangs up meanwhile.
struct SpanOnDrop<'a> {
    visit: &'a Visit<'a>,
    span_id: String,
    description: &'a str,
    start: f64,
    status: Option<u16>,
}

impl Drop for SpanOnDrop<'_> {
    fn drop(&mut self) {
        let span = json!({
            "trace_id": self.visit.trace_id, "span_id": self.span_id, "parent_span_id": self.visit.span_id,
            "op": "http.client", "description": self.description, "start_timestamp": self.start,
            "timestamp": timestamp::now(), "status": span_status(self.status),
            "data": { "http.response.status_code": self.status },
        });
        self.visit.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }
}

fn span_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(16);
    id
}

/// The status of a span with that HTTP status; a call without an answer was cancelled.
fn span_status(http: Option<u16>) -> &'static str {
    match http {
        None => "cancelled",
        Some(404) => "not_found",
        Some(429) => "resource_exhausted",
        Some(503) => "unavailable",
        Some(504) => "deadline_exceeded",
        Some(400..=499) => "invalid_argument",
        Some(500..) => "internal_error",
        Some(_) => "ok",
    }
}

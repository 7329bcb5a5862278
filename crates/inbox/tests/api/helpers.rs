//! A started inbox, and envelopes to send to it.

use inbox::{Inbox, Options};
use reqwest::header::HeaderMap;
use reqwest::{Body, Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) struct App {
    pub(crate) inbox: Inbox,
    pub(crate) http: Client,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) async fn spawn_app() -> App {
    spawn_app_with(Options::default()).await
}

pub(crate) async fn spawn_app_with(options: Options) -> App {
    App { inbox: Inbox::start_with(options).await.unwrap(), http: http() }
}

pub(crate) fn http() -> Client {
    // One of the tests' threads may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The client's own limits on a silent connection are those of an idle machine.
    // Nothing is encrypted, and to read the machine's certificates takes longer than many a test.
    let client = Client::builder().tls_certs_only([]).tcp_keepalive(None);
    #[cfg(target_os = "linux")]
    let client = client.tcp_user_timeout(None);
    client.build().unwrap()
}

impl App {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.inbox.url()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// Sends an envelope to project 1.
    pub(crate) async fn send(&self, envelope: impl Into<Body>) -> Answer {
        answer(self.request(Method::POST, "/api/1/envelope/").body(envelope)).await
    }

    /// Sends one that must be accepted.
    pub(crate) async fn accepted(&self, envelope: String) {
        let answer = self.send(envelope).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Sends an event of these contents, with an id of its own; the id.
    pub(crate) async fn event(&self, contents: Value) -> String {
        let id = new_id();
        self.accepted(envelope(json!({ "event_id": id }), &[("event", contents)])).await;
        id
    }

    /// A list of the API, `name` being the key it stands under.
    pub(crate) async fn list(&self, path: &str, name: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body[name].as_array().unwrap_or_else(|| panic!("{path}: {answer:?}")).clone()
    }

    pub(crate) async fn issues(&self) -> Vec<Value> {
        self.list("/api/issues", "issues").await
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
    Answer { status, headers, body }
}

/// An envelope with the lengths of its items.
pub(crate) fn envelope(header: Value, items: &[(&str, Value)]) -> String {
    let mut text = format!("{header}\n");
    for (ty, payload) in items {
        let payload = payload.to_string();
        let header = json!({ "type": ty, "length": payload.len() });
        text.push_str(&format!("{header}\n{payload}\n"));
    }
    text
}

/// An exception with one frame of ours below one that is not.
pub(crate) fn exception(ty: &str, value: &str, function: &str) -> Value {
    json!({ "exception": { "values": [{
        "type": ty,
        "value": value,
        "mechanism": { "type": "generic", "handled": false },
        "stacktrace": { "frames": [
            { "function": "main", "in_app": true },
            { "function": function, "in_app": true },
            { "function": "core::panicking::panic", "in_app": false },
        ] },
    }] } })
}

/// The same with further fields.
pub(crate) fn with(mut event: Value, more: Value) -> Value {
    let (Value::Object(event_fields), Value::Object(more)) = (&mut event, more) else {
        panic!("both are objects");
    };
    event_fields.extend(more);
    event
}

pub(crate) const EVENT_ID: &str = "0123456789abcdef0123456789abcdef";

/// An id that no other event has: what has arrived already is not kept again.
pub(crate) fn new_id() -> String {
    sentry::types::random_uuid().simple().to_string()
}

/// An envelope with one message event, which has an id of its own.
pub(crate) fn message(text: &str) -> String {
    envelope(json!({ "event_id": new_id() }), &[("event", json!({ "message": text }))])
}

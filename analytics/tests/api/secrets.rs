//! Messages that hold secrets, long texts or control characters: what a real process makes of them for Sentry and for
//! its log.

use fixtures::log::broken_lines;
use fixtures::rabbit::{self, VirtualHost};
use fixtures::secrets;
use fixtures::service::Service;
use inbox::{Inbox, Options};
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};

use crate::helpers::App;

/// Bytes of an event: 180,000, and its fixed parts.
const EVENT: usize = 200_000;

/// Bytes of a line of the log: 8,192, and its fixed parts.
const LINE: usize = 9_000;

/// A process that consumes, and where to publish.
struct Stack {
    app: App,
    channel: Channel,
    _connection: Connection,
    _broker: VirtualHost,
}

async fn stack(format: &str) -> Option<Stack> {
    let (database, broker) = (fixtures::mongo::url()?, rabbit::virtual_host()?);
    let inbox = Inbox::start_with(Options { keep_raw: true, ..Options::default() }).await.unwrap();
    let environment = [
        ("SENTRY_DSN", inbox.dsn()),
        ("MONGODB_URL", database),
        ("RABBITMQ_URL", broker.url()),
        ("LOG_FORMAT", format.to_owned()),
        ("RUST_LOG", "debug".to_owned()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let app = App::of(Service::start(env!("CARGO_BIN_EXE_analytics"), &environment), inbox);
    app.wait_for("the consumer", "/health", |health| health.body["consumer"] == "running").await;
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    Some(Stack { app, channel, _connection: connection, _broker: broker })
}

impl Stack {
    async fn publish(&self, key: &str, properties: BasicProperties, body: &[u8]) {
        let options = BasicPublishOptions::default();
        self.channel.basic_publish("gaming".into(), key.into(), options, body, properties).await.unwrap();
    }

    /// The events of so many dead letters, once they are there; and the log, once the process has ended.
    async fn ended(mut self, expected: usize) -> (Vec<Value>, String, App) {
        let of_dead_letters = |inbox: &Inbox| {
            let events = inbox.events();
            events.into_iter().filter(|it| it["contexts"]["message"].is_object()).collect::<Vec<_>>()
        };
        let all = |inbox: &Inbox| of_dead_letters(inbox).len() >= expected;
        self.app.inbox.wait_until("an event of each dead letter", all).await.unwrap();
        let service = self.app.service.as_mut().unwrap();
        assert_eq!(service.terminate(), Some(0));
        let log = service.log();
        (of_dead_letters(&self.app.inbox), log, self.app)
    }
}

fn headers(pairs: &[(&str, &str)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        table.insert(ShortString::from(*name), AMQPValue::LongString((*value).into()));
    }
    table
}

#[actix_web::test]
async fn no_planted_secret_of_a_message_is_in_what_sentry_gets_or_in_the_log() {
    for format in ["text", "json"] {
        let Some(stack) = stack(format).await else { return };
        let properties = BasicProperties::default()
            .with_type("token=planted-m1".into())
            .with_message_id("password=planted-m2".into())
            .with_correlation_id("eyJplanted0123456789.m3".into())
            .with_user_id("guest".into())
            .with_app_id("secret=planted-m4".into())
            .with_content_type("application/json; token=planted-m5".into())
            .with_headers(headers(&[
                ("Authorization", "Bearer planted-m6"),
                ("X-Api-Key", "planted-m7"),
                ("baggage", "session=planted-m8,note=password%3Dplanted-m9,sentry-release=a"),
                ("sentry-trace", "planted-m10"),
            ]));
        let json = json!({
            "data": { "user_id": "a", "bet": "password=planted-n1", "password": "planted-n2", "card": { "number": "planted-n3" } },
            "inner": json!({ "name": "api_key", "value": "planted-n4" }).to_string(),
            "url": "https://u:planted-n5@host/?code=planted-n6", "eyJplanted0123456789.n7": 1,
            "type": "token=planted-n8", "accessJwt": ["planted-n9"], "twice": "password%253Dplanted-n10",
        });
        let bodies = [
            json.to_string(),
            format!("{json} and no JSON"),
            "password=planted-n11 Authorization: Bearer planted-n12 mongodb://u:planted-n13@host".to_owned(),
            "a=1&cvv=planted-n14&next=https%3A%2F%2Fu%3Aplanted-n15%40host".to_owned(),
            format!("{}\"password\":\"planted-n16\"", "x".repeat(4_000)),
        ];
        for key in ["game.result", "payment.credit"] {
            for body in &bodies {
                stack.publish(key, properties.clone(), body.as_bytes()).await;
            }
        }
        stack.publish("payment.token=planted-n17", properties, b"{}").await;
        let (events, log, app) = stack.ended(2 * bodies.len() + 1).await;
        assert!(events.iter().any(|event| event.to_string().contains("[Filtered]")), "{events:?}");
        secrets::assert_none("Sentry", &String::from_utf8_lossy(&app.inbox.received_bytes().concat()));
        secrets::assert_none("the log", &log);
        assert!(log.contains("DEBUG"), "it was to log much");
    }
}

#[actix_web::test]
async fn after_a_long_text_that_is_costly_to_look_at_the_next_dead_letter_is_reported_and_both_are_small() {
    for format in ["text", "json"] {
        let Some(stack) = stack(format).await else { return };
        let units = ["a:", "\\\"", "://", "eyJ", "4111 ", "%25"];
        for unit in units {
            let costly = format!("token {}", unit.repeat(32_000 / unit.len()));
            let short = BasicProperties::default().with_type(costly[..250].into());
            stack
                .publish(
                    "payment.credit",
                    short.clone(),
                    json!({ "type": costly, "data": {} }).to_string().as_bytes(),
                )
                .await;
            stack.publish("payment.credit", short, costly.as_bytes()).await;
        }
        stack.publish("game.result", BasicProperties::default(), br#"{"data":{"user_id":"the last"}}"#).await;
        let (events, log, _app) = stack.ended(2 * units.len() + 1).await;
        assert!(events.iter().any(|event| event.to_string().contains("the last")), "{events:?}");
        for event in &events {
            assert!(event.to_string().len() < EVENT, "{}", event.to_string().len());
        }
        for line in log.lines() {
            assert!(line.len() < LINE, "{}", line.len());
        }
    }
}

#[actix_web::test]
async fn no_control_character_of_a_message_is_in_a_line_of_the_log() {
    for format in ["text", "json"] {
        let Some(stack) = stack(format).await else { return };
        let controls = ["\n", "\r", "\u{1b}[2J", "\u{7f}", "\u{85}", "\u{9b}", "\u{2028}", "\u{202e}"];
        for control in controls {
            let text = format!("a{control}2026-01-01T00:00:00.000000Z ERROR forged");
            let properties = BasicProperties::default()
                .with_type(text.as_str().into())
                .with_message_id(text.as_str().into())
                .with_headers(headers(&[("sentry-trace", &text), ("baggage", &text)]));
            let json = json!({ "type": text, "data": { "bet": text, text.as_str(): text } });
            stack.publish("game.result", properties.clone(), json.to_string().as_bytes()).await;
            stack.publish(&format!("payment.a{control}b"), properties, text.as_bytes()).await;
        }
        let (events, log, _app) = stack.ended(2 * controls.len()).await;
        assert_eq!(events.len(), 2 * controls.len());
        let broken = broken_lines(&log, format);
        assert!(broken.is_empty(), "{format}: {:#?}", &broken[..broken.len().min(10)]);
    }
}

//! Payments that are interrupted between two of their steps: by a connection that breaks, or by SIGKILL.

use std::time::{Duration, Instant, SystemTime};

use broker::Publisher;
use database::mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use database::mongodb::{Client, Database};
use fixtures::mongo::Server;
use fixtures::rabbit;
use fixtures::service::Service;
use payment::domain::ledger::{self, ABANDONED};
use sentry_context::sentry::Hub;
use serde_json::json;
use service::DATABASE;

use crate::books::{accounts, all, database_of, pay, pay_as};
use crate::helpers::{answer, connect, http, spawn_app_with};
use crate::messages::Messages;
use crate::proxy::{At, Proxy};

const BINARY: &str = env!("CARGO_BIN_EXE_payment");

/// A row is settled 15 s after nobody works on it any more, unless the machine is busy.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Waits until that holds.
async fn wait_until(what: &str, limit: Duration, holds: impl AsyncFn() -> bool) {
    let end = Instant::now() + limit;
    while !holds().await {
        assert!(Instant::now() < end, "{what} within {limit:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Balance, notes and rows of a player agree.
async fn is_booked(database: &Database, user: &str, balance: f64, rows: u32) -> bool {
    let users = accounts(database, user).await;
    let all = all(database, "transactions").await;
    let of_user: Vec<_> =
        all.iter().filter(|row| row.get_str("user_id").is_ok_and(|it| it == user)).collect();
    let latest = of_user.last().map_or(1000.0, |row| row.get_f64("balance_after").unwrap());
    users.len() == 1
        && users[0].get_f64("balance").unwrap() == balance
        && users[0].get_array("pending").map_or(0, Vec::len) == 0
        && (of_user.len(), latest) == (rows as usize, balance)
}

#[actix_web::test]
async fn a_payment_whose_connection_breaks_is_booked_once_and_answered_200() {
    let Some((url, database)) = database_of("breaks").await else { return };
    let proxy = Proxy::start(&url);
    let own = proxy.url(&url);
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(own)).await;
    let mut booked: u32 = 0;
    for at in [At::Command, At::Answer] {
        for (command, collection) in
            [("findAndModify", "users"), ("insert", "transactions"), ("update", "users")]
        {
            for key in [None, Some(format!("{at:?} {command}"))] {
                let hits = proxy.hits();
                proxy.close_at(at, command, collection);
                let body = json!({ "userId": "alice", "bet": 10, "payout": 9.9 });
                let paid = match &key {
                    None => pay(&app, body).await,
                    Some(key) => pay_as(&app, key, body).await,
                };
                booked += 1;
                let balance = f64::from(10_000 - booked) / 10.0;
                let reported = (paid.status, paid.body["newBalance"].as_f64());
                assert_eq!(reported, (200, Some(balance)), "{at:?} {command} {key:?}: {paid:?}");
                assert_eq!(proxy.hits(), hits + 1, "{at:?} {command}");
                assert!(is_booked(&database, "alice", balance, booked).await, "{at:?} {command} {key:?}");
            }
        }
    }
    assert!(app.inbox.events().is_empty(), "{:?}", app.inbox.events());
}

/// A service of its own on that database, which fails no payment at random.
fn service(url: &str) -> Service {
    service_with(url, "")
}

/// The same with a broker.
fn service_with(url: &str, broker: &str) -> Service {
    Service::start(BINARY, &[("MONGODB_URL", url), ("RABBITMQ_URL", broker), ("ERROR_RATE", "0")])
}

/// Waits until the proxy has broken off.
async fn hit(proxy: Proxy) {
    actix_web::rt::task::spawn_blocking(move || proxy.wait_for_hit()).await.unwrap();
}

/// A server of the test's own: a process always uses the same database.
async fn own_server() -> Option<(Server, Database)> {
    let server = Server::start()?;
    let client = Client::with_uri_str(server.url()).await.unwrap();
    Some((server, client.database(DATABASE)))
}

#[actix_web::test]
async fn payments_whose_processes_are_killed_between_two_steps_are_settled_and_published_by_another() {
    let (Some((server, database)), Some(broker)) = (own_server().await, rabbit::virtual_host()) else {
        return;
    };
    let mut messages = Messages::of(&broker);
    let steps = [
        ("applied", At::Answer, "findAndModify", "users"),
        ("due", At::Command, "insert", "transactions"),
        ("written", At::Answer, "insert", "transactions"),
        ("noted", At::Command, "update", "users"),
    ];
    let opened = steps.map(|(user, ..)| doc! { "_id": user, "balance": 1000 });
    database.collection::<Document>("users").insert_many(opened).await.unwrap();
    let started = steps.map(|step| {
        let proxy = Proxy::start(&server.url());
        let service = service_with(&proxy.url(&server.url()), &broker.url());
        (step, proxy, service)
    });
    let mut calls = Vec::new();
    for ((user, at, command, collection), proxy, service) in started {
        proxy.hold_at(at, command, collection);
        let call = http().post(format!("{}/process", service.url())).header("Idempotency-Key", "key");
        let call = call.json(&json!({ "userId": user, "bet": 10, "payout": 0 })).send();
        calls.push((user, proxy, service, actix_web::rt::spawn(call)));
    }
    for (user, proxy, mut service, call) in calls {
        hit(proxy).await;
        // Whoever knows that the payment is booked has published it, before any of its other steps.
        if user != "applied" {
            messages.of_user(user).await;
        }
        service.end_by("KILL");
        // Nobody is there to answer, unless the machine is so busy that the step was given up before.
        let _ = call.await.unwrap();
    }
    let _other = service_with(&server.url(), &broker.url());
    for (user, ..) in steps {
        wait_until(user, SETTLED_WITHIN, async || is_booked(&database, user, 990.0, 1).await).await;
    }
    let published = messages.of_user("applied").await;
    assert_eq!(published["data"]["_id"], "applied/key");
    assert_eq!(published["data"]["balance_after"].as_f64(), Some(990.0));
}

#[actix_web::test]
async fn an_earlier_document_whose_move_is_killed_half_way_is_moved_by_the_next_start() {
    let Some((server, database)) = own_server().await else { return };
    let earlier =
        ["alice", "bob"].map(|user| doc! { "_id": ObjectId::new(), "user_id": user, "balance": 5.0 });
    database.collection::<Document>("users").insert_many(earlier).await.unwrap();
    let proxy = Proxy::start(&server.url());
    proxy.hold_at(At::Command, "delete", "users");
    let mut killed = service(&proxy.url(&server.url()));
    hit(proxy).await;
    killed.end_by("KILL");
    assert_eq!(all(&database, "users").await.len(), 3, "one is at both places");
    let next = service(&server.url());
    let call = http().post(format!("{}/process", next.url()));
    let paid = answer(call.json(&json!({ "userId": "alice", "bet": 1, "payout": 0 }))).await;
    assert_eq!(paid.body["newBalance"], 4.0);
    wait_until("both are moved", SETTLED_WITHIN, async || {
        let moved = |account: &Document| account.get_str("_id").is_ok();
        let users = all(&database, "users").await;
        users.len() == 2 && users.iter().all(moved)
    })
    .await;
    assert_eq!(accounts(&database, "alice").await[0].get_f64("balance").unwrap(), 4.0);
}

#[actix_web::test]
async fn a_payment_that_failed_and_was_booked_all_the_same_is_undone() {
    let Some((url, database)) = database_of("undone").await else { return };
    let proxy = Proxy::start(&url);
    let own = proxy.url(&url);
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(own)).await;
    assert_eq!(pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 0 })).await.status, 200);
    proxy.leave_at(At::Answer, "findAndModify", "users");
    let failed = pay(&app, json!({ "userId": "alice", "bet": 5, "payout": 0 })).await;
    assert_eq!((failed.status, &failed.body["type"]), (503, &json!("MongoConnectionError")));
    assert_eq!(accounts(&database, "alice").await[0].get_f64("balance").unwrap(), 985.0);
    // As if the connection had been away for so long that its row counts as abandoned from now on. The upkeep may be in
    // the middle of a turn that began before the payment failed; no row is that old for it.
    let long_ago = DateTime::from(SystemTime::now() - ABANDONED);
    let long_ago = doc! { "$set": { "pending.0.timestamp": long_ago } };
    database.collection::<Document>("users").update_one(doc! { "_id": "alice" }, long_ago).await.unwrap();
    proxy.come_back();
    wait_until("the payment is undone", SETTLED_WITHIN, async || {
        is_booked(&database, "alice", 990.0, 1).await
    })
    .await;
}

#[actix_web::test]
async fn a_payment_that_arrives_after_it_was_cancelled_is_not_booked() {
    let Some((url, database)) = database_of("late").await else { return };
    let proxy = Proxy::start(&url);
    let own = proxy.url(&url);
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(own)).await;
    assert_eq!(pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 0 })).await.status, 200);
    proxy.hold_at(At::Command, "findAndModify", "users");
    let failed = pay(&app, json!({ "userId": "alice", "bet": 5, "payout": 0 })).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    wait_until("the payment is cancelled", SETTLED_WITHIN, async || {
        let account = accounts(&database, "alice").await.remove(0);
        account
            .get_array("recent")
            .unwrap()
            .iter()
            .any(|entry| entry.as_document().unwrap().get_bool("cancelled").is_ok())
    })
    .await;
    let released = actix_web::rt::task::spawn_blocking(move || proxy.release());
    released.await.unwrap();
    assert!(is_booked(&database, "alice", 990.0, 1).await);
}

#[actix_web::test]
async fn all_rows_that_are_due_are_written_at_once_and_a_note_without_an_id_is_left_alone() {
    let Some((url, database)) = database_of("due").await else { return };
    let row = |id: String, user: &str| {
        doc! { "_id": id, "user_id": user, "type": "LOSS", "amount": 1.0, "bet": 1.0, "payout": 0.0,
        "timestamp": DateTime::from_millis(0), "balance_after": 999.0 }
    };
    let users = (0..250).map(|user| format!("user-{user}"));
    let accounts = users.map(|user| {
        let due = [row(format!("{user}-1"), &user), row(format!("{user}-2"), &user)];
        doc! { "_id": &user, "balance": 998.0, "pending": due.to_vec() }
    });
    database.collection::<Document>("users").insert_many(accounts).await.unwrap();
    let odd =
        doc! { "_id": "odd", "balance": 1.0, "pending": [{ "timestamp": DateTime::from_millis(0) }, 7] };
    database.collection::<Document>("users").insert_one(odd.clone()).await.unwrap();
    let own = connect(Some(&url)).await;
    let publisher = Publisher::start(None, &Hub::current());
    assert_eq!(ledger::settle(&own, &publisher).await.unwrap(), 500);
    assert_eq!(ledger::settle(&own, &publisher).await.unwrap(), 0);
    let rows = all(&database, "transactions").await;
    let mut ids: Vec<_> = rows.iter().map(|row| row.get_str("_id").unwrap()).collect();
    ids.sort();
    let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert_eq!((rows.len(), &twice[..]), (500, &[][..]));
    let left = all(&database, "users").await;
    let pending = |account: &&Document| !account.get_array("pending").unwrap().is_empty();
    assert_eq!(left.iter().filter(pending).collect::<Vec<_>>(), [&odd]);
}

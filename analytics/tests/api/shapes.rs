//! Documents of every shape, as other programs stored them and as chance makes them.

use database::mongodb::bson::oid::ObjectId;
use database::mongodb::bson::spec::BinarySubtype;
use database::mongodb::bson::{Binary, Bson, DateTime, Decimal128, Document, Timestamp, doc};
use database::mongodb::{Client, Database};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::helpers::{App, spawn_app_on};

const ROUTES: [&str; 10] = [
    "/api/v1/analytics/daily-stats?days=365",
    "/api/v1/analytics/player-metrics/alice",
    "/api/v1/analytics/realtime/summary",
    "/api/v1/analytics/player-details-n1",
    "/api/v1/business-metrics/rtp?hours=8760",
    "/api/v1/business-metrics/active-sessions",
    "/api/v1/business-metrics/financial-summary?days=365",
    "/api/v1/business-metrics/sessions",
    "/api/v1/business-metrics/financial?hours=8760",
    "/api/v1/business-metrics/rtp?hours=1",
];

async fn app_on(name: &str, prepare: impl AsyncFnOnce(&Database)) -> Option<App> {
    let url = fixtures::mongo::database(name)?;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    prepare(&database).await;
    Some(spawn_app_on(url).await)
}

fn now() -> f64 {
    DateTime::now().timestamp_millis() as f64 / 1e3
}

fn today() -> String {
    DateTime::now().try_to_rfc3339_string().unwrap()[..10].to_owned()
}

/// A game that can be counted, with one field of another shape.
fn game_but(field: &str, value: impl Into<Bson>) -> Document {
    let mut game = doc! { "user_id": "alice", "bet": 10.0, "payout": 9.0, "win": true, "timestamp": now() };
    game.insert(field, value);
    game
}

#[actix_web::test]
async fn what_cannot_be_counted_is_left_out_and_reported_once_for_each_collection() {
    let prepare = async |database: &Database| {
        let mut games = vec![
            game_but("payout", "9.0"),
            game_but("payout", f64::NAN),
            game_but("bet", vec![10.0]),
            game_but("timestamp", "2026-01-01"),
            game_but("timestamp", f64::NAN),
            doc! {},
        ];
        // These have a bet and a payout, and no player whom anybody knows.
        games.extend([game_but("user_id", Bson::Null), game_but("user_id", 7)]);
        // And these are whole, in other types.
        games.extend([game_but("bet", 10), game_but("payout", 9_i64), game_but("timestamp", now() as i64)]);
        games.push(game_but("timestamp", DateTime::now()));
        database.collection("games").insert_many(games).await.unwrap();
        let paid = |amount: Bson, at: Bson| doc! { "user_id": "alice", "type": "WIN", "amount": amount, "bet": 1, "payout": 2, "timestamp": at };
        let transactions = [
            paid(1.5.into(), DateTime::now().into()),
            paid("1.5".into(), DateTime::now().into()),
            paid(1.5.into(), now().into()),
            paid(1.5.into(), Bson::Null),
        ];
        database.collection("transactions").insert_many(transactions).await.unwrap();
    };
    let Some(app) = app_on("odd", prepare).await else { return };
    for _ in 0..2 {
        for route in ROUTES {
            let answer = app.get(route).await;
            assert_eq!(answer.status, 200, "{route}: {}", answer.body);
        }
    }
    let rtp = app.get("/api/v1/business-metrics/rtp").await.body;
    assert_eq!(
        (&rtp["total_games"], &rtp["total_bets"], &rtp["overall_rtp"]),
        (&json!(6), &json!(60.0), &json!(90.0))
    );
    let players = rtp["top_players_by_rtp"].as_array().unwrap();
    assert_eq!((players.len(), &players[0]["game_count"]), (1, &json!(4)));
    let day = app.get("/api/v1/analytics/daily-stats").await.body["stats"][0].clone();
    assert_eq!((&day["total_games"], &day["unique_players"]), (&json!(6), &json!(1)));
    let alice = app.get("/api/v1/analytics/player-metrics/alice").await.body;
    assert_eq!(alice["total_payouts"], json!(9.0 * alice["total_games"].as_f64().unwrap()));
    let period = app.get("/api/v1/business-metrics/financial").await.body;
    assert_eq!((&period["withdrawal_count"], &period["total_withdrawals"]), (&json!(2), &json!(3.0)));

    let of = |events: &[Value], collection: &str| {
        let fingerprint = json!(["analytics", "uncounted", collection]);
        events.iter().filter(|event| event["fingerprint"] == fingerprint).count()
    };
    let both =
        |inbox: &inbox::Inbox| of(&inbox.events(), "games") > 0 && of(&inbox.events(), "transactions") > 0;
    app.inbox.wait_until("both reports", both).await.unwrap();
    let events = app.inbox.events();
    assert_eq!((of(&events, "games"), of(&events, "transactions")), (1, 1));
}

#[actix_web::test]
async fn a_bet_next_to_nothing_leaves_every_figure_a_number() {
    let prepare = async |database: &Database| {
        let next_to_nothing = f64::MIN_POSITIVE;
        database.collection("games").insert_one(game_but("bet", next_to_nothing)).await.unwrap();
        let paid = doc! { "user_id": "alice", "type": "WIN", "amount": 1.5, "bet": next_to_nothing, "payout": 2.5,
        "timestamp": DateTime::now() };
        database.collection("transactions").insert_one(paid).await.unwrap();
        let day =
            doc! { "date": today(), "total_games": 1, "total_bets": next_to_nothing, "total_payouts": 9.0 };
        database.collection("daily_stats").insert_one(day).await.unwrap();
    };
    let Some(app) = app_on("tiny", prepare).await else { return };
    for route in ROUTES {
        let answer = app.get(route).await;
        let mut found = Vec::new();
        nulls(route, &answer.body, &mut found);
        assert_eq!((answer.status, found), (200, vec![]), "{route}: {}", answer.body);
    }
    let summary = app.get("/api/v1/business-metrics/financial-summary").await.body;
    assert_eq!(summary["daily_breakdown"][0]["house_edge"], json!(0.0));
}

/// A value of any type.
fn any_value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        Just(Bson::Null),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
        Just(Bson::Undefined),
        any::<bool>().prop_map(Bson::from),
        any::<i32>().prop_map(Bson::from),
        any::<i64>().prop_map(Bson::from),
        any::<f64>().prop_map(Bson::from),
        (-1e3..2e9).prop_map(Bson::from),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)].prop_map(Bson::from),
        prop_oneof![Just(-0.0), Just(f64::MAX), Just(f64::MIN), Just(f64::MIN_POSITIVE)].prop_map(Bson::from),
        prop_oneof![Just(i64::MAX), Just(i64::MIN)].prop_map(Bson::from),
        prop_oneof![Just("NaN"), Just("-Infinity"), Just("1E+6000"), Just("-1E-6000"), Just("0.1")]
            .prop_map(|text| text.parse::<Decimal128>().unwrap().into()),
        prop_oneof![Just("$bet"), Just("$$NOW"), Just("2026-02-30"), Just("1e3"), Just(" ")]
            .prop_map(Bson::from),
        Just("é".repeat(2_000).into()),
        Just(Bson::JavaScriptCode("1".to_owned())),
        Just(Bson::Symbol("alice".to_owned())),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| Binary {
            subtype: BinarySubtype::Generic,
            bytes
        }
        .into()),
        "[a-z0-9.:-]{0,12}".prop_map(Bson::from),
        prop_oneof![Just("2026-01-01T00:00:00Z"), Just("12.5"), Just("alice"), Just("WIN")]
            .prop_map(Bson::from),
        (-62_135_596_800_000_i64..253_402_300_799_999)
            .prop_map(|millis| DateTime::from_millis(millis).into()),
        Just(DateTime::now().into()),
        any::<u32>().prop_map(|time| Bson::Timestamp(Timestamp { time, increment: 1 })),
        Just(ObjectId::new().into()),
        "[0-9]{1,9}".prop_map(|digits| digits.parse::<Decimal128>().unwrap().into()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::from);
        let document = prop::collection::btree_map("[a-z]{1,3}", inner, 0..3);
        prop_oneof![array, document.prop_map(|it| Document::from_iter(it).into())]
    })
}

/// A field, and what it should be.
type Field = (&'static str, fn() -> Bson);

/// A document whose fields are as they should be, missing, or anything.
fn any_document(fields: &'static [Field]) -> impl Strategy<Value = Document> {
    let field = |(name, right): &Field| {
        let (name, right) = (*name, right());
        let value = prop_oneof![3 => Just(Some(right)), 1 => Just(None), 3 => any_value().prop_map(Some)];
        value.prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let fields: Vec<_> = fields.iter().map(field).collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect())
}

const COLLECTIONS: [(&str, &[Field]); 6] = [
    (
        "games",
        &[
            ("user_id", || "alice".into()),
            ("bet", || 1.0.into()),
            ("payout", || 2.5.into()),
            ("win", || true.into()),
            ("symbols", || vec!["🍒"; 3].into()),
            ("timestamp", || now().into()),
        ],
    ),
    (
        "transactions",
        &[
            ("user_id", || "alice".into()),
            ("type", || "WIN".into()),
            ("amount", || 1.5.into()),
            ("bet", || 1.0.into()),
            ("payout", || 2.5.into()),
            ("timestamp", || DateTime::now().into()),
        ],
    ),
    ("users", &[("username", || "alice".into()), ("balance", || 1000.into())]),
    (
        "daily_stats",
        &[
            ("date", || today().into()),
            ("total_games", || 1.into()),
            ("total_bets", || 1.0.into()),
            ("total_payouts", || 2.5.into()),
            ("total_wins", || 1.into()),
            ("unique_players", || vec!["alice"].into()),
        ],
    ),
    (
        "player_stats",
        &[
            ("user_id", || "alice".into()),
            ("total_games", || 1.into()),
            ("last_played", || DateTime::now().into()),
        ],
    ),
    (
        "daily_payments",
        &[
            ("date", || today().into()),
            ("total_credits", || 1.into()),
            ("credit_amount", || 1.0.into()),
            ("total_debits", || 1.into()),
            ("debit_amount", || 1.0.into()),
        ],
    ),
];

/// Every number that JSON can hold; NaN would be a null.
fn nulls(place: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null if !place.ends_with("last_played") => found.push(place.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| nulls(place, item, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, it)| nulls(&format!("{place}.{name}"), it, found))
        }
        _ => {}
    }
}

#[actix_web::test]
async fn fuzz_documents_of_any_shape_fail_no_route() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(300_usize);
    let mut runner = TestRunner::default();
    let Some(app) = app_on("shapes", async |_| ()).await else { return };
    let url = fixtures::mongo::database("shapes").unwrap();
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    // A few at a time, so that the one that fails a route is among few.
    for _ in 0..cases.div_ceil(30) {
        for (name, fields) in COLLECTIONS {
            let documents = (0..5).map(|_| any_document(fields).new_tree(&mut runner).unwrap().current());
            let documents: Vec<_> = documents.collect();
            database.collection::<Document>(name).drop().await.unwrap();
            database
                .collection::<Document>(name)
                .insert_many(&documents)
                .await
                .unwrap_or_else(|error| panic!("{error}: {documents:?}"));
        }
        for route in ROUTES {
            let answer = app.get(route).await;
            let mut found = Vec::new();
            nulls(route, &answer.body, &mut found);
            if answer.status != 200 || !found.is_empty() {
                panic!("{route}: {} {} {found:?}: {}", answer.status, answer.body, all(&database).await);
            }
        }
    }
}

async fn all(database: &Database) -> String {
    use futures_util::TryStreamExt;
    let mut reported = String::new();
    for (name, _) in COLLECTIONS {
        let found: Vec<Document> =
            database.collection(name).find(doc! {}).await.unwrap().try_collect().await.unwrap();
        reported += &format!("{name}: {found:?}\n");
    }
    reported
}

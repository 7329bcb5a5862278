//! Accounts that are shared with the stack's user service and with the payment service that this one replaces.

use database::mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::books::{accounts, all, books, books_on, pay};
use crate::helpers::exception;

/// As the stack's user service writes them, but for one field that it does not know.
fn of_the_stack(user: &str, balance: impl Into<Bson>) -> Document {
    let then = DateTime::from_millis(1_700_000_000_000);
    doc! { "_id": user, "username": format!("the {user}"), "balance": balance.into(), "created_at": then,
    "updated_at": then, "level": { "name": "gold", "points": [1, 2] } }
}

fn spin(user: &str, bet: f64, payout: f64) -> Value {
    json!({ "userId": user, "bet": bet, "payout": payout })
}

#[actix_web::test]
async fn accounts_of_the_stack_are_used_and_their_other_fields_stay() {
    let balances: [(&str, Bson); 3] =
        [("int32", 1_000_i32.into()), ("int64", 1_000_i64.into()), ("double", 1_000.0.into())];
    let stored = balances.clone().map(|(user, balance)| of_the_stack(user, balance));
    let prepare = async |database: &database::mongodb::Database| {
        database.collection("users").insert_many(stored.clone()).await.unwrap();
    };
    let Some((app, database)) = books_on("stack", prepare, |_| ()).await else { return };
    for before in &stored {
        let user = before.get_str("_id").unwrap();
        let paid = pay(&app, spin(user, 10.0, 0.0)).await;
        assert_eq!((paid.status, &paid.body["newBalance"]), (200, &json!(990.0)), "{user}");
        // What the user service does, and the replaced payment service.
        let deposit = doc! { "$inc": { "balance": 50 }, "$set": { "updated_at": DateTime::now() } };
        database.collection::<Document>("users").update_one(doc! { "_id": user }, deposit).await.unwrap();
        assert_eq!(pay(&app, spin(user, 0.0, 0.25)).await.body["newBalance"], 1040.25, "{user}");

        let found = accounts(&database, user).await;
        assert_eq!(found.len(), 1, "{user}");
        for name in ["_id", "username", "created_at", "level"] {
            assert_eq!(found[0].get(name), before.get(name), "{user}: {name}");
        }
        assert_eq!(found[0].get_f64("balance").unwrap(), 1040.25, "{user}");
        assert!(found[0].get_datetime("updated_at").unwrap() > before.get_datetime("updated_at").unwrap());
        assert!(found[0].get("user_id").is_none(), "{user}");
    }
}

#[actix_web::test]
async fn a_new_account_has_every_field_that_the_stack_reads() {
    let Some((app, database)) = books("new_account", |_| ()).await else { return };
    for user in ["alice", "$balance", "$$ROOT", "a.b", "größe"] {
        let at_once = join_all((0..8).map(|_| pay(&app, spin(user, 1.0, 0.0)))).await;
        assert!(at_once.iter().all(|answer| answer.status == 200), "{user}: {at_once:?}");
        let found = accounts(&database, user).await;
        assert_eq!(found.len(), 1, "{user}: calls at once opened {found:?}");
        assert_eq!(found[0].get_str("_id").unwrap(), user);
        assert!(!found[0].get_str("username").unwrap().is_empty());
        assert_eq!(found[0].get_f64("balance").unwrap(), 992.0);
        assert!(found[0].get_datetime("created_at").is_ok() && found[0].get_datetime("updated_at").is_ok());
    }
    assert_eq!(all(&database, "transactions").await.len(), 40);
}

#[actix_web::test]
async fn accounts_of_earlier_versions_are_found_and_become_what_the_stack_reads() {
    let [alice, bob] = [ObjectId::new(), ObjectId::new()];
    let prepare = async |database: &database::mongodb::Database| {
        let earlier = [
            doc! { "_id": alice, "user_id": "alice", "balance": 70, "note": "keep" },
            doc! { "_id": bob, "user_id": "bob", "balance": 5.5, "pending": [], "recent": [] },
            doc! { "_id": "carol", "user_id": "carol", "balance": 7.0, "pending": [], "recent": [] },
        ];
        database.collection::<Document>("users").insert_many(earlier).await.unwrap();
    };
    let Some((app, database)) = books_on("earlier", prepare, |_| ()).await else { return };
    for (user, balance) in [("alice", 71.0), ("bob", 6.5), ("carol", 8.0), ("alice", 72.0), ("dave", 1001.0)]
    {
        let paid = pay(&app, spin(user, 0.5, 1.5)).await;
        assert_eq!((paid.status, &paid.body["newBalance"]), (200, &json!(balance)), "{user}");
    }
    for user in ["alice", "bob", "carol", "dave"] {
        let found = accounts(&database, user).await;
        assert_eq!(found.len(), 1, "{user}: {found:?}");
        assert_eq!(found[0].get_str("_id").unwrap(), user);
    }
    let alice = &accounts(&database, "alice").await[0];
    assert_eq!((alice.get_str("note").unwrap(), alice.get_f64("balance").unwrap()), ("keep", 72.0));
    assert!(alice.get_str("username").is_ok() && alice.get_datetime("created_at").is_ok());
}

#[actix_web::test]
async fn an_event_says_what_the_player_is_called_where_the_account_knows_it() {
    let prepare = async |database: &database::mongodb::Database| {
        database.collection("users").insert_one(of_the_stack("alice", "no number")).await.unwrap();
    };
    let Some((app, _)) = books_on("username", prepare, |_| ()).await else { return };
    let failed = pay(&app, spin("alice", 1.0, 0.0)).await;
    assert_eq!((failed.status, &failed.body["type"]), (500, &json!("AccountError")), "{failed:?}");
    let user = &app.event_of(&failed).await["user"];
    assert_eq!((&user["id"], &user["username"]), (&json!("alice"), &json!("the alice")));
    // Whom the header names is somebody else.
    let request = app.request(reqwest::Method::POST, "/process").header("X-User-Id", "bob");
    let failed = crate::helpers::answer(request.json(&spin("alice", 1.0, 0.0))).await;
    let user = &app.event_of(&failed).await["user"];
    assert_eq!((&user["id"], user.get("username")), (&json!("bob"), None));
}

#[actix_web::test]
async fn where_two_documents_name_a_player_the_stacks_counts_and_the_other_is_reported_and_kept() {
    let other = doc! { "_id": ObjectId::new(), "user_id": "alice", "balance": 1200.0 };
    let kept = other.clone();
    let prepare = async |database: &database::mongodb::Database| {
        let both = [of_the_stack("alice", 1_000), other];
        database.collection("users").insert_many(both).await.unwrap();
    };
    let Some((app, database)) = books_on("two_documents", prepare, |_| ()).await else { return };
    assert_eq!(pay(&app, spin("alice", 10.0, 0.0)).await.body["newBalance"], 990.0);
    let warned = |event: &Value| event["tags"]["error.type"] == "second_accounts";
    let warning = app.event("the warning", warned).await;
    assert_eq!(warning["contexts"]["second_accounts"]["documents"], 1);
    assert_eq!(warning["fingerprint"], json!(["payment", "second-accounts"]));
    assert!(all(&database, "users").await.contains(&kept));
}

#[actix_web::test]
async fn a_balance_that_cannot_be_read_is_an_error_with_an_event_and_stays_as_it_is() {
    let unreadable: [(&str, Option<Bson>); 6] = [
        ("is missing", None),
        ("is null", Some(Bson::Null)),
        ("is a string", Some("1000".into())),
        ("is not a number (NaN)", Some(f64::NAN.into())),
        ("is out of range", Some(f64::INFINITY.into())),
        ("is of another type than a number", Some(true.into())),
    ];
    let stored: Vec<_> = unreadable
        .iter()
        .map(|(found, balance)| match balance {
            Some(balance) => doc! { "_id": found, "balance": balance.clone(), "created_at": DateTime::now() },
            None => doc! { "_id": found },
        })
        .collect();
    let prepare = async |database: &database::mongodb::Database| {
        database.collection::<Document>("users").insert_many(&stored).await.unwrap();
    };
    let Some((app, database)) = books_on("unreadable", prepare, |_| ()).await else { return };
    for (found, _) in &unreadable {
        let failed = pay(&app, spin(found, 10.0, 0.0)).await;
        assert_eq!((failed.status, &failed.body["type"]), (500, &json!("AccountError")), "{found}");
        let event = app.event_of(&failed).await;
        assert!(exception(&event)["value"].as_str().unwrap().contains(found), "{event}");
        assert_eq!(event["contexts"]["account"]["balance"], *found);
    }
    // NaN is not equal to itself.
    let as_text = |documents: Vec<Document>| documents.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(as_text(all(&database, "users").await), as_text(stored));
    assert!(all(&database, "transactions").await.is_empty());
}

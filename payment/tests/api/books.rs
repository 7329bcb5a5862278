//! An app, and the books that it keeps: a database of its own.

use database::mongodb::bson::{Document, doc};
use database::mongodb::{Client, Database};
use futures_util::StreamExt;
use payment::settings::Settings;
use reqwest::Method;
use serde_json::Value;

use crate::helpers::{Answer, App, answer, spawn_app_with};

/// An app on a database of its own.
pub(crate) async fn books(name: &str, change: impl FnOnce(&mut Settings)) -> Option<(App, Database)> {
    books_on(name, async |_| (), change).await
}

/// On a database in which something is already.
pub(crate) async fn books_on(
    name: &str,
    prepare: impl AsyncFnOnce(&Database),
    change: impl FnOnce(&mut Settings),
) -> Option<(App, Database)> {
    let (url, database) = database_of(name).await?;
    prepare(&database).await;
    let app = spawn_app_with(|settings| {
        settings.shared.mongodb_url = Some(url);
        change(settings);
    });
    Some((app.await, database))
}

/// A database on the shared server, and a URL that names it.
pub(crate) async fn database_of(name: &str) -> Option<(String, Database)> {
    let url = fixtures::mongo::database(name)?;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    Some((url, database))
}

pub(crate) async fn pay(app: &App, body: Value) -> Answer {
    answer(app.request(Method::POST, "/process").json(&body)).await
}

pub(crate) async fn pay_as(app: &App, key: &str, body: Value) -> Answer {
    answer(app.request(Method::POST, "/process").header("Idempotency-Key", key).json(&body)).await
}

pub(crate) async fn all(database: &Database, collection: &str) -> Vec<Document> {
    let found = database.collection::<Document>(collection).find(doc! {}).await.unwrap();
    found.map(Result::unwrap).collect().await
}

/// The accounts of one player, whatever their shape.
pub(crate) async fn accounts(database: &Database, user: &str) -> Vec<Document> {
    let of = |account: &Document| {
        ["_id", "user_id"].iter().any(|name| account.get_str(name).is_ok_and(|value| value == user))
    };
    all(database, "users").await.into_iter().filter(of).collect()
}

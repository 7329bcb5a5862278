//! What people do with issues: decide, look around, search.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, App, answer, envelope, exception, new_id, spawn_app, with};

async fn decide(app: &App, issue: &str, status: &str) -> Answer {
    let request = app.request(Method::PUT, &format!("/api/issues/{issue}"));
    answer(request.json(&json!({ "status": status }))).await
}

async fn titles(app: &App, query: &str) -> Vec<String> {
    let url = reqwest::Url::parse_with_params(&format!("{}/api/issues", app.inbox.url()), [("query", query)])
        .unwrap();
    let answer = answer(app.http.get(url)).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let issues = answer.body["issues"].as_array().unwrap().clone();
    issues.iter().map(|issue| issue["title"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_resolved_issue_that_comes_again_has_regressed_and_an_ignored_one_has_not() {
    let app = spawn_app().await;
    app.event(json!({ "message": "it" })).await;
    let before = app.inbox.stats().version;
    let resolved = decide(&app, "1", "resolved").await;
    assert_eq!((resolved.status, &resolved.body["status"]), (200, &json!("resolved")));
    assert!(app.inbox.stats().version > before, "a page must notice");
    app.event(json!({ "message": "it" })).await;
    let issue = app.get("/api/issues/1").await.body;
    assert_eq!((&issue["status"], &issue["regressed"]), (&json!("unresolved"), &json!(true)));
    decide(&app, "1", "ignored").await;
    app.event(json!({ "message": "it" })).await;
    let issue = app.get("/api/issues/1").await.body;
    assert_eq!(
        (&issue["status"], &issue["regressed"], &issue["count"]),
        (&json!("ignored"), &json!(false), &json!(3))
    );
}

#[actix_web::test]
async fn a_decision_must_be_one_and_come_from_here() {
    let app = spawn_app().await;
    app.event(json!({ "message": "it" })).await;
    assert_eq!(decide(&app, "1", "gone").await.status, 400);
    assert_eq!(decide(&app, "2", "resolved").await.status, 404);
    let put = || app.request(Method::PUT, "/api/issues/1");
    let body = json!({ "status": "resolved" });
    let long = json!({ "status": "resolved", "more": "x".repeat(5_000) });
    for (request, status) in [
        (put().json(&body).header("Origin", "https://shop.example"), 403),
        (put().json(&body).header("Host", "evil.example"), 403),
        (put().json(&long), 413),
        (put().body(body.to_string()), 415),
        (put().header("Content-Type", "application/json").body("{"), 400),
    ] {
        let answer = answer(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.body["error"].is_string());
    }
    assert_eq!(app.issues().await[0]["status"], "unresolved");
}

#[actix_web::test]
async fn what_an_event_says_of_itself_is_a_tag_and_is_searched_by() {
    let app = spawn_app().await;
    let mechanism = json!({ "type": "panic", "handled": false });
    let failed = json!({ "type": "E", "value": "v", "mechanism": mechanism });
    let request = json!({ "url": "http://shop.example/basket/7" });
    app.event(json!({ "exception": { "values": [failed] }, "request": request })).await;
    app.event(json!({ "message": "another" })).await;
    for query in ["mechanism:panic", "url:*basket*", "handled:false"] {
        assert_eq!(titles(&app, query).await, ["E: v"], "{query}");
    }
    let facts = app.get("/api/issues/1/facts").await.body;
    for (name, value) in
        [("mechanism", "panic"), ("handled", "false"), ("url", "http://shop.example/basket/7")]
    {
        let tag = facts["tags"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
        assert_eq!(tag["values"], json!([{ "value": value, "count": 1 }]), "{name}");
    }
}

#[actix_web::test]
async fn an_issue_knows_its_releases_tags_and_times() {
    let app = spawn_app().await;
    for (release, service) in [("shop@1", "billing"), ("shop@2", "billing"), ("shop@2", "basket")] {
        let more = json!({ "release": release, "tags": { "service": service }, "user": { "id": "ann" } });
        app.event(with(json!({ "message": "it" }), more)).await;
    }
    app.event(json!({ "message": "another", "tags": { "service": "billing" } })).await;
    let facts = app.get("/api/issues/1/facts").await.body;
    let releases: Vec<_> = facts["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["release"].clone(), it["count"].clone()))
        .collect();
    assert_eq!(releases, [(json!("shop@2"), json!(2)), (json!("shop@1"), json!(1))]);
    let counts = facts["over_time"]["counts"].as_array().unwrap();
    assert_eq!(counts.iter().map(|it| it.as_u64().unwrap()).sum::<u64>(), 3);
    assert_eq!((counts.len(), &facts["events"]), (60, &json!(3)));
    let tag =
        |name: &str| facts["tags"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    let values = json!([{ "value": "billing", "count": 2 }, { "value": "basket", "count": 1 }]);
    assert_eq!(tag("service"), json!({ "name": "service", "events": 3, "different": 2, "values": values }));
    assert_eq!(tag("user.id")["values"], json!([{ "value": "ann", "count": 3 }]));
    assert_eq!(app.get("/api/issues/9/facts").await.status, 404);
}

#[actix_web::test]
async fn the_facts_of_an_issue_are_bounded() {
    let app = spawn_app().await;
    for batch in 0..3 {
        let event = |number: i32| {
            let tags: serde_json::Map<String, Value> =
                (0..150).map(|tag| (format!("tag-{number}-{tag}"), json!(number))).collect();
            json!({ "event_id": new_id(), "message": "it", "release": format!("{batch}-{number}"), "tags": tags })
        };
        let events: Vec<_> = (0..30).map(|number| ("event", event(number))).collect();
        app.accepted(envelope(json!({}), &events)).await;
    }
    let facts = app.get("/api/issues/1/facts").await.body;
    assert_eq!(facts["releases"].as_array().unwrap().len(), 50);
    assert!(facts["tags"].as_array().unwrap().len() <= 200);
    assert!(facts.to_string().len() < 200_000, "{}", facts.to_string().len());
}

#[actix_web::test]
async fn an_event_knows_its_neighbours_of_the_same_issue() {
    let app = spawn_app().await;
    let first = app.event(json!({ "message": "it" })).await;
    app.event(json!({ "message": "another" })).await;
    let second = app.event(json!({ "message": "it" })).await;
    let third = app.event(json!({ "message": "it" })).await;
    let neighbours = async |id: &str| {
        let event = app.get(&format!("/api/events/{id}")).await.body;
        (event["previous"].clone(), event["next"].clone())
    };
    assert_eq!(neighbours(&first).await, (Value::Null, json!(second)));
    assert_eq!(neighbours(&second).await, (json!(first), json!(third)));
    assert_eq!(neighbours(&third).await, (json!(second), Value::Null));
}

#[actix_web::test]
async fn issues_are_searched_in_sentrys_words() {
    let app = spawn_app().await;
    let event = |ty: &str, level: &str, service: &str, release: &str, user: &str| {
        let more = json!({ "level": level, "release": release, "environment": "test", "user": { "id": user },
            "tags": { "service": service, "region": "north east" } });
        with(exception(ty, "index 7 out of bounds", &format!("shop::{ty}")), more)
    };
    app.event(event("IndexError", "error", "billing", "shop@1.1.0", "alice")).await;
    app.event(event("IndexError", "error", "billing", "shop@1.2.0", "bob")).await;
    app.event(event("ParseError", "fatal", "basket", "shop@1.1.0", "bob")).await;
    app.event(json!({ "message": "Too slow", "level": "warning" })).await;
    decide(&app, "2", "resolved").await;
    let (index, parse, slow) =
        ("IndexError: index 7 out of bounds", "ParseError: index 7 out of bounds", "Too slow");
    for (query, expected) in [
        ("", vec![slow, parse, index]),
        ("level:error service:billing release:*1.1.0 user.id:alice is:unresolved bounds", vec![index]),
        // Both hold for the issue, and not for one of its events.
        ("release:*1.2.0 user.id:alice", vec![]),
        ("is:resolved", vec![parse]),
        ("is:unresolved", vec![slow, index]),
        ("!level:error", vec![slow, parse]),
        ("level:[error, fatal]", vec![parse, index]),
        ("region:\"north east\" !service:basket", vec![index]),
        ("user:bob", vec![parse, index]),
        ("has:user.id", vec![parse, index]),
        ("!has:user.id", vec![slow]),
        ("times_seen:>1", vec![index]),
        ("error.type:Parse*", vec![parse]),
        ("error.handled:false", vec![parse, index]),
        ("\"out of bounds\" ParseError", vec![parse]),
        ("SLOW", vec![slow]),
        ("nothing", vec![]),
    ] {
        assert_eq!(titles(&app, query).await, expected, "{query}");
    }
    for bad in ["level:", "\"open", &"a ".repeat(21)] {
        let url =
            reqwest::Url::parse_with_params(&format!("{}/api/issues", app.inbox.url()), [("query", bad)])
                .unwrap();
        let answer = answer(app.http.get(url)).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.body["error"].is_string());
    }
}

#[actix_web::test]
async fn issues_are_sorted_and_come_in_pages() {
    let app = spawn_app().await;
    for (text, user) in [("a", 1), ("b", 1), ("b", 2), ("a", 1), ("a", 1), ("c", 1)] {
        app.event(json!({ "message": text, "user": { "id": user } })).await;
    }
    for (sort, expected) in [("last_seen", "cab"), ("first_seen", "cba"), ("count", "abc"), ("users", "bca")]
    {
        let issues = app.list(&format!("/api/issues?sort={sort}"), "issues").await;
        let titles: String = issues.iter().map(|issue| issue["title"].as_str().unwrap()).collect();
        assert_eq!(titles, expected, "{sort}");
        let second = app.get(&format!("/api/issues?sort={sort}&limit=1&offset=1")).await.body;
        assert_eq!((&second["issues"][0]["title"], &second["more"]), (&json!(expected[1..2]), &json!(true)));
    }
    assert_eq!(app.get("/api/issues?sort=colour").await.status, 400);
}

#[actix_web::test]
async fn an_issue_whose_events_are_forgotten_is_found_by_what_it_shows() {
    let limits = inbox::Limits { events: 1, ..inbox::Limits::default() };
    let app = crate::helpers::spawn_app_with(inbox::Options { limits, ..inbox::Options::default() }).await;
    app.event(json!({ "message": "old", "level": "warning" })).await;
    app.event(json!({ "message": "new" })).await;
    assert_eq!(titles(&app, "level:warning").await, ["old"]);
}

#[actix_web::test]
async fn events_transactions_and_logs_are_searched_too() {
    let app = spawn_app().await;
    app.event(json!({ "message": "a", "tags": { "region": "north" } })).await;
    app.event(json!({ "message": "b" })).await;
    assert_eq!(app.list("/api/events?query=region:north", "events").await.len(), 1);
    for (name, seconds) in [("GET /fast", 0.01), ("GET /slow", 2.0)] {
        let transaction = json!({ "transaction": name, "start_timestamp": 1.0, "timestamp": 1.0 + seconds,
            "contexts": { "trace": { "op": "http.server", "status": "ok" } } });
        app.accepted(envelope(json!({ "event_id": new_id() }), &[("transaction", transaction)])).await;
    }
    for query in ["duration:>1000", "/slow", "transaction:*slow%20op:http.server"] {
        let listed = app.list(&format!("/api/transactions?query={query}"), "transactions").await;
        assert_eq!((listed.len(), &listed[0]["transaction"]), (1, &json!("GET /slow")), "{query}");
    }
    let log = |level: &str, body: &str| {
        json!({ "level": level, "body": body,
        "attributes": { "sentry.release": { "value": "shop@1", "type": "string" }, "basket": { "value": 7, "type": "integer" } } })
    };
    let items =
        json!({ "items": [log("info", "sold"), log("warn", "nearly sold out"), log("error", "gone")] });
    app.accepted(envelope(json!({}), &[("log", items)])).await;
    for (query, expected) in [
        ("level=warn,error", vec!["gone", "nearly sold out"]),
        ("level=ERROR", vec!["gone"]),
        ("query=sold", vec!["nearly sold out", "sold"]),
        ("query=sold%20!level:info", vec!["nearly sold out"]),
        ("query=release:shop@1%20basket:7&level=info", vec!["sold"]),
        ("query=basket:8", vec![]),
    ] {
        let logs = app.list(&format!("/api/logs?{query}"), "logs").await;
        let bodies: Vec<_> = logs.iter().map(|log| log["body"].as_str().unwrap()).collect();
        assert_eq!(bodies, expected, "{query}");
    }
}

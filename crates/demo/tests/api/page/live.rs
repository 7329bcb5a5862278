//! What the tab shows of the services while they live: their state, its changes, their health.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{HONEST, LIMIT, Page};
use crate::helpers::NOBODY;

#[actix_web::test]
async fn a_service_that_is_away_keeps_its_place_and_the_reason_is_shown() {
    let page = Page::serve(NOBODY, 0, None).await;
    let state = page.until("it is down", |state| state["services"][0]["state"] == "down").await;
    assert!(!state["services"][0]["why"]["how"].as_str().unwrap().is_empty(), "{state:#}");
    let check = page.post("stage/check", &json!({})).await;
    assert!(check.0 == 503 && check.1.contains("not every service is serving"), "{check:?}");
    let traffic = page.post("stage/traffic", &json!({})).await;
    assert_eq!(traffic.0, 503, "{traffic:?}");
}

#[actix_web::test]
async fn the_page_waits_for_a_change_and_is_answered_when_there_is_one() {
    let page = Page::beside_shop(&[HONEST]).await;
    let version = page.get("stage/state").await["version"].as_u64().unwrap();
    let path = format!("stage/state?after={version}");
    let (state, ()) = tokio::join!(page.get(&path), async {
        sleep(Duration::from_millis(100)).await;
        page.fire("shop.honest").await;
    });
    assert!(state["version"].as_u64().unwrap() > version, "{state:#}");
}

#[actix_web::test]
async fn the_health_of_a_service_is_sampled_and_asked_for_bit_by_bit() {
    let page = Page::beside_shop(&[HONEST]).await;
    let deadline = Instant::now() + LIMIT;
    let points = loop {
        let points = page.get("stage/health").await["points"]["shop"].clone();
        if points.as_array().is_some_and(|points| points.len() >= 2) {
            break points;
        }
        assert!(Instant::now() < deadline, "{points}");
        sleep(Duration::from_millis(200)).await;
    };
    let first = points[0]["at"].as_f64().unwrap();
    let younger = page.get(&format!("stage/health?after={first}")).await["points"]["shop"].clone();
    assert!(
        younger.as_array().unwrap().iter().all(|point| point["at"].as_f64().unwrap() > first),
        "{younger}"
    );
}

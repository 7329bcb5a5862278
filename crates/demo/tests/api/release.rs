//! A release of the game engine that is deployed and rolled back, and what the page shows of services that die.

use std::time::Duration;

use inbox::{Inbox, Issue, Sessions};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::helpers::{NOBODY, Standing, demo, run, turn};
use crate::page::Page;
use crate::traffic::{standing, standing_as};

fn engine(state: &Value) -> &Value {
    &state["services"][0]
}

#[actix_web::test]
async fn a_deployed_version_serves_at_the_same_place_plays_and_can_be_rolled_back() {
    let _turn = turn().await;
    let (_standing, page) = standing().await;
    let before = page.get("stage/state").await;
    assert_eq!(engine(&before)["name"], "game-engine");
    for version in ["", "1 1", "<b>", &"1".repeat(33)] {
        let refused = page.post("stage/release", &json!({ "version": version })).await;
        assert!(refused.0 == 400 && refused.1.contains("a version has"), "{version}: {refused:?}");
    }
    assert_eq!(page.post("stage/release", &json!({ "version": "1.1.0" })).await.0, 202);
    let state = page
        .until("the new one serves", |state| {
            engine(state)["state"] == "serving" && engine(state)["pid"] != engine(&before)["pid"]
        })
        .await;
    assert_eq!(
        (&engine(&state)["version"], &engine(&state)["url"]),
        (&json!("1.1.0"), &engine(&before)["url"])
    );
    assert_eq!(
        (&state["release"]["version"], &state["release"]["before"]),
        (&json!("1.1.0"), &json!("1.0.0"))
    );
    assert_eq!(state["traffic"]["running"], true, "{state:#}");

    let rolled_back = page.request(Method::DELETE, "stage/release").send().await.unwrap();
    assert_eq!(rolled_back.status(), 202);
    let state = page
        .until("the old one serves again", |state| {
            engine(state)["state"] == "serving"
                && state["release"].is_null()
                && engine(state)["restarts"] == 2
        })
        .await;
    assert_eq!(engine(&state)["version"], "1.0.0");
    let marks: Vec<_> =
        engine(&state)["marks"].as_array().unwrap().iter().map(|mark| mark["text"].clone()).collect();
    let expected = [
        "game-engine 1.1.0 was deployed",
        "it serves again",
        "game-engine 1.0.0 was deployed",
        "it serves again",
    ];
    assert_eq!(marks, expected);
}

#[actix_web::test]
async fn the_page_says_how_a_service_died_and_that_it_is_back() {
    let (_standing, page) = standing().await;
    let state = page.get("stage/state").await;
    let pid = engine(&state)["pid"].as_i64().unwrap();
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    let state = page.until("it is back", |state| engine(state)["restarts"] == 1).await;
    assert_eq!(engine(&state)["why"]["how"], "signal 9 (SIGKILL)", "{state:#}");
    let marks = engine(&state)["marks"].to_string();
    assert!(marks.contains("it died: signal 9 (SIGKILL)") && marks.contains("it serves again"), "{marks}");
}

#[actix_web::test]
async fn a_release_that_goes_wrong_makes_a_new_issue_of_its_version_and_its_rounds_crash() {
    let _turn = turn().await;
    let (_standing, page) = standing().await;
    let rounds =
        json!({ "rate": 5, "seconds": 600, "looks": 0, "mistakes": 0, "hang_ups": 0, "scenarios": 0 });
    assert_eq!(page.post("stage/traffic", &rounds).await.0, 202);
    assert_eq!(page.post("stage/release", &json!({ "version": "1.1.0", "broken": true })).await.0, 202);
    let deadline = Instant::now() + Duration::from_mins(10);
    let issue = loop {
        let listed = page.get("issues").await["issues"].clone();
        // That a busy machine blocks a worker is an issue, too.
        let of_release = |it: &&Value| it["release"] == BROKEN && it["level"] == "fatal";
        if let Some(issue) = listed.as_array().unwrap().iter().find(of_release) {
            break issue.clone();
        }
        assert!(Instant::now() < deadline, "no issue of the release in {listed:#}");
        sleep(Duration::from_millis(100)).await;
    };
    let event = issue["last_event_id"].as_str().unwrap();
    let event = page.get(&format!("events/{event}")).await["event"].clone();
    let flags = event["contexts"]["flags"].to_string();
    assert!(flags.contains("new_paytable") && flags.contains("true"), "{flags}");
    assert_eq!(page.request(Method::DELETE, "stage/release").send().await.unwrap().status(), 202);
}

const HEALTHY: &str = "game-engine@1.0.0";
const BROKEN: &str = "game-engine@1.1.0";

/// The sessions of a release, once they are as they should be.
async fn sessions(inbox: &Inbox, release: &str, fits: impl Fn(&Sessions) -> bool) -> Sessions {
    let found = |inbox: &Inbox| inbox.sessions().into_iter().find(|it| it.release == release && fits(it));
    let waited = inbox.wait_until(&format!("sessions of {release}"), |inbox| found(inbox).is_some()).await;
    waited.expect("in time");
    found(inbox).expect("they were there")
}

#[actix_web::test]
async fn the_command_deploys_and_rolls_back_and_another_receiver_sees_it_by_release_alone() {
    let _turn = turn().await;
    let other = Inbox::start().await.unwrap();
    let mut command = demo(&["--free-ports"]);
    // Little enough that even on a busy machine, what is left at the end of a process takes less than its five seconds.
    command.env("SENTRY_PROFILE_SESSION_SAMPLE_RATE", "0");
    command.env("SENTRY_DSN", format!("http://key@{}/7", other.addr()));
    let (_standing, page) = standing_as(Standing::of(command)).await;
    let rounds =
        json!({ "rate": 2, "seconds": 600, "looks": 0, "mistakes": 0, "hang_ups": 0, "scenarios": 0 });
    assert_eq!(page.post("stage/traffic", &rounds).await.0, 202);

    let deployed = run(&["release", "1.1.0", "--page", &page.url]).await;
    assert_eq!(deployed.status, Some(0), "{deployed:?}");
    let said = ["game-engine 1.1.0 serves at http://127.0.0.1:", "new issue ", "release roll-back"];
    assert!(said.iter().all(|words| deployed.stdout.contains(words)), "{deployed:?}");
    let again = run(&["release", "1.1.0", "--page", &page.url]).await;
    assert!(again.status == Some(2) && again.stderr.contains("1.1.0 is deployed already"), "{again:?}");
    let is_its_panic = |it: &Issue| it.release.as_deref() == Some(BROKEN) && it.level == "fatal";
    other.wait_until("its issue", |it| it.issues().iter().any(is_its_panic)).await.unwrap();

    let rolled_back = run(&["release", "roll-back", "--page", &page.url]).await;
    assert_eq!(rolled_back.status, Some(0), "{rolled_back:?}");
    assert!(rolled_back.stdout.contains("game-engine 1.0.0 serves again"), "{rolled_back:?}");
    assert!(rolled_back.stdout.contains("game-engine@1.1.0: "), "{rolled_back:?}");
    let again = run(&["release", "roll-back", "--page", &page.url]).await;
    assert!(again.status == Some(2) && again.stderr.contains("no release is deployed"), "{again:?}");

    // A process sends its sessions once a minute, and when it ends.
    let failed = sessions(&other, BROKEN, |it| it.crashed > 0).await;
    assert!(failed.crash_free.is_some_and(|rate| rate > 0.0 && rate < 1.0), "{failed:?}");
    let before = sessions(&other, HEALTHY, |it| it.exited > 0).await;
    let visits = |state: &Value| state["traffic"]["visits"]["round"].as_u64().unwrap_or_default();
    let played = visits(&page.get("stage/state").await);
    let state = page.until("rounds of the old one", |state| visits(state) > played + 5).await;
    let pid = i32::try_from(engine(&state)["pid"].as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    let after = sessions(&other, HEALTHY, |it| it.exited > before.exited).await;
    assert_eq!((after.crashed, after.crash_free), (0, Some(1.0)), "{after:?}");

    // Whoever looks at events alone has the same: each names its release, and only those of the new one crash.
    let crashed: Vec<_> = other.events().into_iter().filter(|event| event["level"] == "fatal").collect();
    assert!(!crashed.is_empty());
    assert!(crashed.iter().all(|event| event["release"] == BROKEN), "{crashed:#?}");
    for release in [HEALTHY, BROKEN] {
        assert!(other.transactions().iter().any(|it| it["release"] == release), "{release}");
    }
}

#[actix_web::test]
async fn a_release_needs_a_demo_that_runs_and_has_started_its_services() {
    for target in ["1.1.0", "roll-back"] {
        let ended = run(&["release", target, "--page", NOBODY]).await;
        assert!(ended.status == Some(2) && ended.stderr.contains("`cargo run` starts one"), "{ended:?}");
    }
    let page = Page::beside_shop(&[("honest", |_, _| {})]).await;
    for target in ["1.1.0", "roll-back"] {
        let ended = run(&["release", target, "--page", &page.url]).await;
        assert!(ended.status == Some(2) && ended.stderr.contains("did not start the services"), "{ended:?}");
    }
}

//! Fingerprint rules, tried on an event before they are used.

use std::io::Write;
use std::process::Stdio;

use crate::helpers::{Ended, demo, run};

const EVENT: &str = r#"{"exception":{"values":[{"type":"KeyError","value":"no game"}]},"level":"error",
    "tags":{"service":"shop"},"contexts":{"shape":{"nobody":"knows"}}}"#;

fn file(name: &str, text: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, text).expect("a file");
    path
}

#[actix_web::test]
async fn the_rule_that_matches_is_shown_with_what_comes_of_it() {
    let rules = file(
        "tried.rules",
        "# comment\nlevel:fatal -> x\n\
        type:Key* -> {{ tags.service }}, {{ error.type }} title=\"In {{ tags.service }}\"\nlevel:* -> y\n",
    );
    let ended = run(&["fingerprint", "--why", &rules, &file("tried.json", EVENT)]).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "line 2 does not match: level:fatal is error",
            "line 3 matches: error.type:Key* -> {{ tags.service }}, {{ error.type }} title=\"In {{ tags.service }}\"",
            "fingerprint: shop, KeyError",
            "title: In shop",
        ]
    );
}

#[actix_web::test]
async fn the_inboxs_answer_is_taken_from_stdin_too() {
    let rules = file("none.rules", "type:ValueError -> x\n");
    let mut command = demo(&["fingerprint", &rules, "-"]).into_std();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    write!(child.stdin.take().expect("a pipe"), r#"{{"event":{EVENT},"issue":null}}"#).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "no rule matches\nfingerprint: {{ default }}\n");
    assert!(output.status.success());
}

#[actix_web::test]
async fn what_cannot_be_read_is_one_line_with_its_place() {
    let (good_rules, good_event) = (file("good.rules", "level:* -> x\n"), file("good.json", EVENT));
    let bad_rules = file("bad.rules", "level:* -> x\nlevel:error x\n");
    let (no_json, no_event) = (file("no.json", "{\"a\":\n,}"), file("no-event.json", "[1]"));
    for (rules, event, reported) in [
        ("/no/such.rules", good_event.as_str(), "/no/such.rules: "),
        (&bad_rules, &good_event, "bad.rules: line 2, column 13: unknown matcher `x`"),
        (&good_rules, "/no/such.json", "/no/such.json: "),
        (&good_rules, &no_json, "no.json is not JSON: "),
        (&good_rules, &no_event, "no-event.json is not an event: "),
    ] {
        let Ended { status, stdout, stderr } = run(&["fingerprint", rules, event]).await;
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.lines().count() == 1 && stderr.contains(reported), "{stderr}");
    }
}

#[actix_web::test]
async fn every_rule_of_every_service_can_be_tried() {
    let event = file("any.json", EVENT);
    for service in ["game-engine", "analytics", "payment"] {
        let rules = format!("{}/../../{service}/src/fingerprint.rules", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(run(&["fingerprint", &rules, &event]).await.status, Some(0), "{service}");
    }
}

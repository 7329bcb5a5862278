//! Everything of a call has its trace, its run and its user.

use serde_json::Value;

use crate::volley::volley;

#[actix_web::test]
async fn events_transactions_and_logs_of_a_call_have_its_trace_and_its_run() {
    let volley = volley().await;
    for shot in &volley.shots {
        let id = &shot.scenario.id;
        let transaction = volley.transaction_of(shot);
        assert_eq!(transaction["contexts"]["trace"]["parent_span_id"], "00f067aa0ba902b7", "{id}");
        assert_eq!(transaction["transaction"], shot.scenario.transaction(), "{id}");
        for told in volley.events_of(shot).into_iter().chain([transaction]) {
            assert_eq!(told["contexts"]["trace"]["trace_id"], shot.trace.as_str(), "{id}");
            let user = shot.scenario.user_in_path().unwrap_or_else(|| "alice".to_owned());
            assert_eq!(told["user"]["id"], user, "{id}");
            assert_eq!(told["tags"]["scenario"], id.as_str());
            assert_eq!(told["transaction"], shot.scenario.transaction(), "{id}");
        }
        let worse: Vec<_> =
            volley.events_of(shot).into_iter().filter(|event| event["level"] != "info").collect();
        let logs: Vec<_> =
            volley.logs.iter().filter(|log| attribute(log, "demo.run_id") == shot.run).collect();
        for log in &logs {
            assert_eq!(log["trace_id"], shot.trace.as_str(), "{id}");
            assert_eq!(attribute(log, "scenario"), id.as_str());
            assert!(matches!(log["level"].as_str(), Some("warn" | "error")), "{log}");
        }
        for event in worse {
            let named = logs.iter().any(|log| attribute(log, "event_id") == event["event_id"]);
            assert!(
                named || event["exception"]["values"][0]["type"] == "EventLoopBlocked",
                "{id}: no log of it"
            );
        }
    }
}

#[actix_web::test]
async fn the_head_of_the_trace_goes_on_in_every_envelope() {
    let volley = volley().await;
    let bytes = String::from_utf8_lossy(&volley.bytes);
    let envelopes = bytes.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let headers: Vec<_> = envelopes.filter(|header| header.get("trace").is_some()).collect();
    for shot in &volley.shots {
        let of_shot: Vec<_> =
            headers.iter().filter(|header| header["trace"]["trace_id"] == shot.trace.as_str()).collect();
        assert_eq!(of_shot.len(), shot.scenario.expect.events + 1, "{}", shot.scenario.id);
        for header in of_shot {
            assert_eq!(header["trace"]["public_key"], "front", "{header}");
            assert_eq!(header["trace"]["release"], "front@1", "{header}");
        }
    }
}

#[actix_web::test]
async fn the_terminal_has_json_with_trace_and_service() {
    let volley = volley().await;
    let lines: Vec<Value> =
        volley.terminal.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for shot in volley.shots.iter().filter(|shot| shot.status >= 500) {
        let id = shot.header.as_deref().expect("an event");
        let line =
            lines.iter().find(|line| line["event_id"] == id).unwrap_or_else(|| panic!("no line about {id}"));
        assert_eq!(line["trace_id"], shot.trace.as_str(), "{line}");
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(shot.scenario.id.starts_with(line["service"].as_str().expect("a service")), "{line}");
        assert_eq!(line["span_id"].as_str().map(str::len), Some(16), "{line}");
    }
}

/// A log's or metric's attribute; null where it has none.
pub(crate) fn attribute(entry: &Value, name: &str) -> Value {
    entry["attributes"][name]["value"].clone()
}

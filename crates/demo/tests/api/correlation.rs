//! Everything of a call has its trace, its run and its user.

use serde_json::Value;

use crate::full_run::full_run;

#[actix_web::test]
async fn events_transactions_and_logs_of_a_call_have_its_trace_and_its_run() {
    let run = full_run().await;
    for call in &run.calls {
        let id = &call.scenario.id;
        let transaction = run.transaction_of(call);
        assert_eq!(transaction["contexts"]["trace"]["parent_span_id"], "00f067aa0ba902b7", "{id}");
        assert_eq!(transaction["transaction"], call.scenario.transaction(), "{id}");
        for reported in run.events_of(call).into_iter().chain([transaction]) {
            assert_eq!(reported["contexts"]["trace"]["trace_id"], call.trace.as_str(), "{id}");
            let user = call.scenario.user_in_path().unwrap_or_else(|| "alice".to_owned());
            assert_eq!(reported["user"]["id"], user, "{id}");
            assert_eq!(reported["tags"]["scenario"], id.as_str());
            assert_eq!(reported["transaction"], call.scenario.transaction(), "{id}");
        }
        let worse: Vec<_> =
            run.events_of(call).into_iter().filter(|event| event["level"] != "info").collect();
        let logs: Vec<_> = run.logs.iter().filter(|log| attribute(log, "demo.run_id") == call.run).collect();
        for log in &logs {
            assert_eq!(log["trace_id"], call.trace.as_str(), "{id}");
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
    let run = full_run().await;
    let bytes = String::from_utf8_lossy(&run.bytes);
    let envelopes = bytes.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let headers: Vec<_> = envelopes.filter(|header| header.get("trace").is_some()).collect();
    for call in &run.calls {
        let of_shot: Vec<_> =
            headers.iter().filter(|header| header["trace"]["trace_id"] == call.trace.as_str()).collect();
        assert_eq!(of_shot.len(), call.scenario.expect.events + 1, "{}", call.scenario.id);
        for header in of_shot {
            assert_eq!(header["trace"]["public_key"], "front", "{header}");
            assert_eq!(header["trace"]["release"], "front@1", "{header}");
        }
    }
}

#[actix_web::test]
async fn the_terminal_has_json_with_trace_and_service() {
    let run = full_run().await;
    let lines: Vec<Value> =
        run.terminal.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for call in run.calls.iter().filter(|call| call.status >= 500) {
        let id = call.header.as_deref().expect("an event");
        let line =
            lines.iter().find(|line| line["event_id"] == id).unwrap_or_else(|| panic!("no line about {id}"));
        assert_eq!(line["trace_id"], call.trace.as_str(), "{line}");
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(call.scenario.id.starts_with(line["service"].as_str().expect("a service")), "{line}");
        assert_eq!(line["span_id"].as_str().map(str::len), Some(16), "{line}");
    }
}

/// A log's or metric's attribute; null where it has none.
pub(crate) fn attribute(entry: &Value, name: &str) -> Value {
    entry["attributes"][name]["value"].clone()
}

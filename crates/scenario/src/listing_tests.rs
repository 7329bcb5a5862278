//! What a catalogue's reader takes, and what it refuses.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::listing::{Listing, MAX_EVENTS, ParameterValue};
use crate::terms::{Level, Method, Place, RunState};
use crate::{Catalogue, Event, Expect, Job, Parameter, Scenario};

static SECONDS: Parameter = Parameter::number("seconds", 5.0, 0.1, 30.0).quick(0.5);
static KIND: Parameter = Parameter::word("kind", "a b");
static MODE: Parameter = Parameter::choice("mode", "native", &["guarded", "native"]);

const EVENT: Event = Event {
    level: Level::Warning,
    ty: None,
    message: Some("Memory grew"),
    handled: None,
    fingerprint: &["shop", "leak"],
    breadcrumbs: &["request", "cart"],
    contexts: &["cart"],
};

static LEAK: Scenario = Scenario {
    name: "leak",
    method: Method::Delete,
    path: "/debug/{kind}",
    title: "Memory grows",
    demonstrates: "a leak",
    look_for: "memory_mb",
    parameters: &[&SECONDS, &KIND, &MODE],
    expect: Expect {
        status: 200,
        event: Some(EVENT),
        events: 2,
        also: &[EVENT],
        hot_function: Some("domain::rank"),
        spans: 3,
        job: Some(Job { monitor: "stock", run: RunState::Ok, state: RunState::Missed, after_minutes: 3 }),
    },
    without_database: Some(Expect::answer(503)),
    heavy: false,
    unavailable: None,
    route: |route| route,
    active: None,
};

static SHOP: Catalogue = Catalogue { service: "shop", path: "/debug", scenarios: &[&LEAK] };

type Change = fn(&mut Value);

/// The least that the contract asks of an entry, changed.
fn foreign(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut entry = json!({ "id": "shop.crash", "method": "GET", "path": "/debug/crash",
        "expect": { "status": 500, "level": "fatal", "type": "RuntimeError", "fingerprint": null, "events": 1 } });
    change(&mut entry);
    json!({ "service": "shop", "scenarios": [entry] }).to_string().into_bytes()
}

#[test]
fn what_is_served_is_what_is_read() {
    let served = SHOP.listing(None);
    let json = serde_json::to_vec(&served).unwrap();
    assert_eq!(Listing::read(&json).unwrap(), served);
}

#[test]
fn the_served_json_keeps_its_shape() {
    let event = json!({ "level": "warning", "type": null, "message": "Memory grew", "handled": null,
        "fingerprint": ["shop", "leak"], "breadcrumbs": ["request", "cart"], "contexts": ["cart"] });
    let mut expect = event.clone();
    expect["status"] = json!(200);
    expect["events"] = json!(2);
    expect["also"] = json!([event]);
    expect["spans"] = json!(3);
    expect["hot_function"] = json!("domain::rank");
    expect["job"] = json!({ "monitor": "stock", "run": "ok", "state": "missed", "after_minutes": 3 });
    let none = json!({ "status": 503, "level": null, "type": null, "message": null, "handled": null,
        "fingerprint": null, "breadcrumbs": null, "contexts": null, "events": 0, "also": [], "spans": 2 });
    let parameters = json!([
        { "name": "seconds", "in": "query", "default": 5.0, "min": 0.1, "max": 30.0, "quick": 0.5 },
        { "name": "kind", "in": "path", "default": "a b", "min": null, "max": null, "quick": null },
        { "name": "mode", "in": "query", "default": "native", "min": null, "max": null,
          "allowed": ["guarded", "native"], "quick": null },
    ]);
    let entry = json!({ "id": "shop.leak", "method": "DELETE", "path": "/debug/{kind}", "title": "Memory grows",
        "demonstrates": "a leak", "parameters": parameters, "expect": expect, "expect_without_database": none,
        "look_for": "memory_mb", "active": null });
    assert_eq!(
        json!(SHOP.listing(None)),
        json!({ "service": "shop", "profiled": false, "scenarios": [entry] })
    );
}

#[test]
fn a_check_fires_the_default_or_the_quick_number() {
    let listing = SHOP.listing(None);
    assert_eq!(listing.scenarios[0].path_and_query(), "/debug/a b?seconds=0.5&mode=native");
    assert_eq!(listing.scenarios[0].transaction(), "DELETE /debug/{kind}");
}

#[test]
fn a_value_that_looks_like_a_pattern_is_replaced_once() {
    let doubled =
        |name: &str, next: &str| json!({ "name": name, "default": format!("{{{next}}}{{{next}}}") });
    let listing = Listing::read(&foreign(|entry| {
        entry["path"] = json!("/debug/{a}/{b}");
        entry["parameters"] = json!([doubled("a", "b"), doubled("b", "a")]);
    }))
    .unwrap();
    assert_eq!(listing.scenarios[0].path_and_query(), "/debug/{b}{b}/{a}{a}");
}

#[test]
fn a_catalogue_of_another_or_a_later_service_is_read() {
    let listing = Listing::read(&foreign(|entry| {
        entry["severity"] = json!({ "of a later version": [1] });
        entry["expect"]["owner"] = json!("team");
        entry["expect"]["also"] = json!(null);
        entry["parameters"] = json!([{ "name": "mb", "default": 10, "min": 1, "max": 100, "unit": "MiB" }]);
    }))
    .unwrap();
    let entry = &listing.scenarios[0];
    assert_eq!((entry.method, entry.expect.event.level), (Method::Get, Some(Level::Fatal)));
    assert_eq!(
        (entry.parameters[0].place, &entry.parameters[0].default),
        (None, &Some(ParameterValue::Number(10.0)))
    );
    assert_eq!(entry.path_and_query(), "/debug/crash?mb=10");
    assert!(entry.expect.event.breadcrumbs.is_none() && entry.expect.also.is_empty());
}

#[test]
fn a_value_that_is_not_known_is_an_error_that_says_where_and_what_is_known() {
    let refused = |change: Change| Listing::read(&foreign(change)).unwrap_err().to_string();
    let cases: [(&str, Change, [&str; 2]); 7] = [
        (
            "level",
            |it| it["expect"]["level"] = json!("critical"),
            ["scenarios[0].expect", "`critical`, expected one of `fatal`"],
        ),
        (
            "method",
            |it| it["method"] = json!("PATCH"),
            ["scenarios[0].method", "`PATCH`, expected one of `GET`"],
        ),
        (
            "place",
            |it| it["parameters"] = json!([{ "name": "id", "in": "header", "default": "a" }]),
            ["scenarios[0].parameters[0].in", "`header`, expected `path` or `query`"],
        ),
        (
            "default",
            |it| it["parameters"] = json!([{ "name": "id", "default": [] }]),
            ["scenarios[0].parameters[0].default", "text or a number"],
        ),
        (
            "state",
            |it| it["expect"]["job"] = json!({ "monitor": "stock", "run": "late", "state": "ok" }),
            ["scenarios[0].expect", "`late`, expected one of `ok`"],
        ),
        ("status", |it| it["expect"]["status"] = json!(70_000), ["scenarios[0].expect", "70000"]),
        (
            "events",
            |it| it["expect"]["events"] = json!(1_000_000_000_000_u64),
            ["scenarios[0].expect", "`events` must be at most 100"],
        ),
    ];
    for (name, change, words) in cases {
        let reason = refused(change);
        assert!(words.iter().all(|word| reason.contains(word)), "{name}: {reason}");
    }
}

#[test]
fn as_many_events_as_are_allowed_are_read() {
    let listing = Listing::read(&foreign(|entry| entry["expect"]["events"] = json!(MAX_EVENTS))).unwrap();
    assert_eq!(listing.scenarios[0].expect.events, MAX_EVENTS);
}

#[test]
fn a_path_parameter_is_listed_as_one() {
    assert_eq!(KIND.entry().place, Some(Place::Path));
    assert_eq!(SECONDS.entry().place, Some(Place::Query));
}

/// JSON as foreign services may send it: the contract's names, with any values.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| json!(f64::from(number) / 4.0)),
        "[a-zA-Z{}/?&%]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["GET", "DELETE", "fatal", "info", "path", "query"]).prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "service",
        "scenarios",
        "id",
        "method",
        "path",
        "title",
        "parameters",
        "name",
        "in",
        "default",
        "min",
        "max",
        "allowed",
        "quick",
        "expect",
        "status",
        "level",
        "type",
        "events",
        "also",
        "fingerprint",
        "active",
    ]);
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn fuzz_whatever_a_service_answers_is_a_catalogue_or_an_error(scenario in any_json(), cut in 0_usize..200) {
        let json = json!({ "service": "shop", "scenarios": [scenario] }).to_string();
        let _ = Listing::read(json.as_bytes().get(..cut).unwrap_or(json.as_bytes()));
        if let Ok(listing) = Listing::read(json.as_bytes()) {
            let again = serde_json::to_vec(&listing).unwrap();
            prop_assert_eq!(Listing::read(&again).unwrap(), listing);
        }
    }

    #[test]
    fn fuzz_whatever_changes_in_an_entry_is_read_or_refused(
        field in prop::sample::select(vec!["id", "method", "path", "parameters", "expect", "active"]), value in any_json(),
    ) {
        let json = foreign(|entry| entry[field] = value);
        if let Ok(listing) = Listing::read(&json) {
            let entry = &listing.scenarios[0];
            // Percent-encoding makes three bytes of one.
            prop_assert!(entry.path_and_query().len() <= 3 * json.len());
            prop_assert!(entry.expect.all_events().count() <= json.len());
        }
    }
}

use super::*;

const WATCHDOG: Allowed =
    Allowed::Number { what: "milliseconds", min: 200.0, max: 600_000.0, zero: Some("no watchdog") };

#[test]
fn a_number_is_in_its_range_or_the_zero_that_means_something() {
    for (text, accepted) in [
        ("200", true),
        ("600000", true),
        ("0", true),
        ("199", false),
        ("600001", false),
        ("-1", false),
        ("NaN", false),
        ("inf", false),
        ("", false),
    ] {
        assert_eq!(WATCHDOG.accepts(text), accepted, "{text}");
    }
    assert_eq!(WATCHDOG.to_string(), "milliseconds from 200 to 600000, or 0 for no watchdog");
}

#[test]
fn an_unset_variable_has_its_default() {
    let unset = |default| Variable {
        name: "VARIABLE_THAT_NOBODY_SETS",
        about: "",
        default,
        allowed: WATCHDOG,
        shown: Shown::Whole,
    };
    assert_eq!(unset(Some("1000")).parsed::<u64>(), Ok(1_000));
    assert_eq!(unset(None).optional::<u64>(), Ok(None));
    assert!(unset(None).parsed::<u64>().is_err());
    assert_eq!((unset(Some("8080")).default_port(), unset(None).default_port()), (8080, 0));
}

#[test]
fn an_error_shows_plain_values_only() {
    let invalid = |value: &str| {
        let value = Some(value.to_owned());
        Invalid { name: "NAME", value, allowed: "a word".to_owned() }.to_string()
    };
    assert_eq!(invalid("nowhere"), "NAME=nowhere is not valid: a word");
    for hidden in ["mongodb://user:password@host", &"x".repeat(65), "two\nlines", "http://host/token"] {
        assert_eq!(invalid(hidden), "NAME=[hidden] is not valid: a word");
    }
}

#[test]
fn where_an_address_is_expected_an_error_shows_nothing_else() {
    static FORWARD: Variable = Variable {
        name: "FORWARD_URL",
        about: "",
        default: None,
        allowed: Allowed::Text("a URL"),
        shown: Shown::Address,
    };
    let shown = |value: &str| FORWARD.invalid(Some(value.to_owned())).shown().to_owned();
    for address in [
        "receiver:8000",
        "receiver.svc.cluster.local:8000",
        "127.0.0.1",
        "127.0.0.1:8000",
        "::1",
        "[::1]:8000",
        "ftp://receiver",
        "ftp://receiver:8000/",
        "http://[::1]:8000",
    ] {
        assert_eq!(shown(address), address);
    }
    let long = format!("{}:8000", "x".repeat(64));
    for other in [
        "hunter2",
        "hunter2:",
        ":8000",
        "alice:hunter2",
        "alice:hunter2@receiver:8000",
        "alice:1@receiver:8000",
        "receiver:0",
        "receiver:65536",
        "receiver:8000/hunter2",
        "//hunter2",
        "://receiver",
        "http://",
        "http://hunter2@",
        "http://hunter2@receiver",
        "http://alice:hunter2@receiver",
        "http://receiver/hunter2",
        "http://receiver?token=hunter2",
        "http://receiver#hunter2",
        "http://receiver:hunter2",
        "[hunter2]:8000",
        "receiver:8000\n",
        "r\u{e9}ceiver:8000",
        &long,
    ] {
        assert_eq!(shown(other), "[hidden]", "{other}");
    }
}

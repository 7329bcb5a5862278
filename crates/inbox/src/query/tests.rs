use proptest::prelude::*;

use super::*;

/// A subject of one text and some fields.
struct Subject(&'static str, &'static [(&'static str, &'static str)]);

impl Searched for Subject {
    fn text(&self, fits: &dyn Fn(&str) -> bool) -> bool {
        fits(self.0)
    }

    fn field(&self, key: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        self.1.iter().any(|(name, value)| *name == key && fits(value))
    }
}

const SUBJECT: Subject = Subject(
    "IndexError: index 7 out of bounds in \"basket\"",
    &[
        ("level", "error"),
        ("service", "billing"),
        ("release", "shop@1.1.0"),
        ("user.id", "alice b"),
        ("count", "12"),
    ],
);

#[test]
fn words_of_sentry_are_understood() {
    for (query, fits) in [
        ("", true),
        ("level:error", true),
        ("LEVEL:Error service:billing", true),
        ("level:warning", false),
        ("!level:warning", true),
        ("!level:error", false),
        ("level:[warning, error]", true),
        ("level:[warning,fatal]", false),
        ("release:*1.1.0", true),
        ("release:shop@*", true),
        ("release:1.1.0", false),
        ("user.id:\"alice b\"", true),
        ("user.id:alice", false),
        ("has:user.id", true),
        ("!has:user.id", false),
        ("has:user.email", false),
        ("count:>10", true),
        ("count:>=12 count:<=12", true),
        ("count:<12", false),
        ("index bounds", true),
        ("\"out of bounds\"", true),
        ("\"out bounds\"", false),
        ("!timeout", true),
        ("!bounds", false),
        ("ind*bounds", true),
        ("index level:error !nothing", true),
        ("\"\\\"basket\\\"\"", true),
        ("http://localhost", false),
        ("!", false),
        (":", true),
    ] {
        let parsed = Query::parse(query).unwrap_or_else(|bad| panic!("{query}: {bad}"));
        assert_eq!(parsed.fits(&SUBJECT), fits, "{query}: {parsed:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (query, bad) in [
        ("\"open", BadQuery::Quote),
        ("level:\"open", BadQuery::Quote),
        ("level:[a, b", BadQuery::List),
        ("level:", BadQuery::Empty("level".to_owned())),
        ("level:\"\"", BadQuery::Empty("level".to_owned())),
    ] {
        assert_eq!(Query::parse(query), Err(bad), "{query}");
    }
}

#[test]
fn a_search_has_bounds() {
    assert_eq!(Query::parse(&"a".repeat(MAX_LENGTH + 1)), Err(BadQuery::Long));
    assert_eq!(Query::parse(&"a ".repeat(MAX_TERMS + 1)), Err(BadQuery::Many));
    assert!(Query::parse(&"a ".repeat(MAX_TERMS)).is_ok());
    let list = |count: usize| Query::parse(&format!("level:[{}]", vec!["a"; count].join(",")));
    assert_eq!(list(MAX_VALUES + 1), Err(BadQuery::Values));
    assert!(list(MAX_VALUES).is_ok());
}

proptest! {
    #[test]
    fn fuzz_any_search_is_read_or_refused_and_can_be_asked(query in "[a-z!:\"\\\\\\[\\],*<>=0-9 ./ä💎]{0,60}") {
        if let Ok(parsed) = Query::parse(&query) {
            let _ = parsed.fits(&SUBJECT);
            prop_assert!(parsed.terms.len() <= query.len());
        }
    }

    #[test]
    fn fuzz_quoted_text_is_found_where_it_stands(text in "[^\"\\\\*]{1,30}") {
        let query = Query::parse(&format!("\"{text}\"")).unwrap_or_else(|bad| panic!("{bad}"));
        let text: &'static str = Box::leak(format!("before {text} after").into_boxed_str());
        prop_assert!(query.fits(&Subject(text, &[])));
    }

    #[test]
    fn fuzz_a_pattern_of_stars_takes_linear_time(stars in 1..200_usize, length in 1..300_usize) {
        let subject: &'static str = Box::leak("a".repeat(length).into_boxed_str());
        let query = Query::parse(&format!("k:{}b", "a*".repeat(stars))).unwrap_or_else(|bad| panic!("{bad}"));
        let fields: &'static [(&str, &str)] = Box::leak(Box::new([("k", subject)]));
        prop_assert!(!query.fits(&Subject("", fields)));
    }
}

//! What cannot be done is said in a line, with status 2.

use std::io::{Read, Write};

use crate::fake::{LATER, Shop};
use crate::helpers::{NOBODY, run, run_with};

#[actix_web::test]
async fn a_service_that_does_not_answer_is_named() {
    let shop = Shop::open(&[("honest", |_, _| {})]).await;
    let ended = run(&["check", "--url", NOBODY, "--inbox", &shop.inbox.url()]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains(&format!("{NOBODY} is not reachable")), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
}

#[actix_web::test]
async fn an_inbox_that_does_not_answer_is_named() {
    let shop = Shop::open(&[("honest", |_, _| {})]).await;
    let ended = run(&["check", "--url", &shop.url, "--inbox", NOBODY]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains(NOBODY), "{ended:?}");
}

#[actix_web::test]
async fn something_that_is_no_service_has_no_catalogue() {
    let shop = Shop::open(&[]).await;
    let inbox = shop.inbox.url();
    let ended = run(&["check", "--url", &inbox, "--inbox", &inbox]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("has no catalogue"), "{ended:?}");
}

#[actix_web::test]
async fn an_empty_catalogue_keeps_no_promise() {
    let shop = Shop::open(&[]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &[])).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("no scenario"), "{ended:?}");
}

#[actix_web::test]
async fn a_promise_that_cannot_be_read_is_named_with_its_place() {
    let shop = Shop::open(&[("honest", |_, _| {}), (LATER, |_, _| {})]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &[])).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    for words in
        [&format!("{}/debug", shop.url), "scenarios[1].expect", "`critical`", "expected one of `fatal`"]
    {
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
    assert!(ended.stdout.is_empty(), "{ended:?}");
}

#[actix_web::test]
async fn a_pattern_without_match_says_what_there_is() {
    let shop = Shop::open(&[("honest", |_, _| {})]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &["--only", "nothing-like-that"])).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("nothing-like-that") && ended.stderr.contains("shop.honest"), "{ended:?}");
}

#[actix_web::test]
async fn events_that_go_elsewhere_cannot_be_checked() {
    let ended = run_with(&["check"], &[("SENTRY_DSN", "http://key@127.0.0.1:1/1")]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("SENTRY_DSN"), "{ended:?}");
}

#[actix_web::test]
async fn wrong_usage_is_reported() {
    let wrong: [(&[&str], &str); 7] = [
        (&["--no-such-flag"], "--no-such-flag"),
        (&["no-such-command"], "no-such-command"),
        (&["check", "--url", "not a url"], "--url"),
        (&["check", "--url", "ftp://127.0.0.1/"], "http"),
        (&["check", "--inbox", "http://127.0.0.1:1"], "--url"),
        (&["check", "--wait", "soon"], "0.1 to 300"),
        (&["serve", "nothing"], "game-engine, analytics, payment"),
    ];
    for (args, reported) in wrong {
        let ended = run(args).await;
        assert_eq!(ended.status, Some(2), "{args:?} {ended:?}");
        assert!(ended.stderr.contains(reported), "{args:?} {ended:?}");
    }
}

#[actix_web::test]
async fn a_bad_url_is_refused_without_a_part_of_its_secrets() {
    let bad = [
        "htp://teller7:hunter2@h",
        "teller7:hunter2@h",
        "http://teller7:hunter2@h:notaport",
        "http://teller7:hunter2@127.0.0.1:1",
        "http://127.0.0.1:1/?token=hunter2",
        "hunter2",
    ];
    let shop = Shop::open(&[]).await;
    for url in bad {
        for args in [
            &["check", "--url", url][..],
            &["check", "--url", &shop.url, "--inbox", url],
            &["check", &format!("--url={url}")],
        ] {
            let ended = run(args).await;
            assert_eq!(ended.status, Some(2), "{args:?} {ended:?}");
            assert!(ended.stderr.contains("must be such as http://127.0.0.1:8082"), "{args:?} {ended:?}");
            for secret in ["teller7", "hunter2"] {
                assert!(
                    !ended.stderr.contains(secret) && !ended.stdout.contains(secret),
                    "{args:?} {ended:?}"
                );
            }
        }
    }
    // Where no option takes it.
    for url in ["htp://teller7:hunter2@h", "teller7:hunter2@h"] {
        let ended = run(&["check", url]).await;
        assert!(ended.status == Some(2) && !ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

#[actix_web::test]
async fn an_answer_without_end_is_not_read_to_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
        }
    });
    let shop = Shop::open(&[("honest", |_, _| {})]).await;
    let ended = run(&["check", "--url", &url, "--inbox", &shop.inbox.url()]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("longer than 16777216 bytes"), "{ended:?}");
}

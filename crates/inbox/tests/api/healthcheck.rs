//! The subcommand `healthcheck`, asked of servers in every state.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use crate::helpers::spawn_app;

/// Its exit status and the one line it says.
fn healthcheck(environment: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inbox"));
    command.env_clear().envs(environment.iter().copied()).args(arguments);
    let Output { status, stderr, .. } = command.output().unwrap();
    let reported = String::from_utf8(stderr).unwrap();
    assert_eq!(reported.lines().count(), 1, "{reported}");
    (status.code(), reported)
}

fn ask(address: SocketAddr) -> (Option<i32>, String) {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    healthcheck(&[("HOST", &host), ("PORT", &port)], &["healthcheck"])
}

/// A server that treats its one caller so.
fn server(treat: impl FnOnce(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        treat(stream);
    });
    address
}

fn answering(answer: &'static str) -> SocketAddr {
    server(move |mut stream| stream.write_all(answer.as_bytes()).unwrap())
}

#[actix_web::test]
async fn a_healthy_server_is_0() {
    let app = spawn_app().await;
    let (status, reported) = ask(app.inbox.addr());
    assert_eq!(status, Some(0), "{reported}");
    assert!(reported.contains("healthy at 127.0.0.1:"), "{reported}");
}

#[actix_web::test]
async fn one_that_listens_everywhere_is_asked_on_loopback() {
    let app = spawn_app().await;
    let port = app.inbox.addr().port().to_string();
    let (status, reported) = healthcheck(&[("HOST", "0.0.0.0"), ("PORT", &port)], &["healthcheck"]);
    assert_eq!(status, Some(0), "{reported}");
}

#[test]
fn any_other_answer_is_1_and_reported() {
    for (answer, line) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "503 Service Unavailable"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "2000"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0"),
        ("", "answered \"\""),
    ] {
        let (status, reported) = ask(answering(answer));
        assert_eq!(status, Some(1), "{reported}");
        assert!(reported.contains(line), "{answer:?}: {reported}");
    }
}

#[test]
fn nobody_there_is_1() {
    let (status, reported) = ask(([127, 0, 0, 1], 1).into());
    assert_eq!(status, Some(1), "{reported}");
    assert!(reported.contains("refused"), "{reported}");
}

#[test]
fn a_server_that_never_ends_its_first_line_is_1() {
    // Until the caller goes: then there is nothing more to read.
    let silent = server(|mut stream| drop(stream.read(&mut [0; 1])));
    let dripping = server(|mut stream| {
        while stream.write_all(b"H").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    for address in [silent, dripping] {
        let (status, reported) = ask(address);
        assert_eq!(status, Some(1), "{reported}");
        assert!(reported.contains("within 2 s"), "{reported}");
    }
    let endless = server(|mut stream| while stream.write_all(&[b'x'; 512]).is_ok() {});
    assert_eq!(ask(endless).0, Some(1));
}

#[test]
fn a_bad_setting_is_1_and_named() {
    for (name, value) in [("PORT", "abc"), ("PORT", "65536"), ("PORT", "0"), ("HOST", "nowhere")] {
        let (status, reported) = healthcheck(&[(name, value)], &["healthcheck"]);
        assert_eq!(status, Some(1), "{reported}");
        assert!(reported.contains(&format!("{name}={value}")), "{reported}");
    }
}

#[test]
fn any_other_argument_is_refused_with_2() {
    for arguments in [&["serve"][..], &["--help"], &["healthcheck", "now"]] {
        let (status, reported) = healthcheck(&[("PORT", "0")], arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {reported}");
        assert!(reported.contains("usage: inbox [healthcheck]"), "{reported}");
    }
}

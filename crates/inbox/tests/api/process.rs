//! The binary itself.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Output, Stdio};

use crate::helpers::{http, message};

fn binary(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inbox"));
    command.env_clear().env("PORT", "0").envs(environment.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// It ends with 2 and this one line.
fn refusal(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let reported = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), reported.lines().count(), stdout.len()), (Some(2), 1, 0), "{reported}");
    reported
}

/// A process that is gone when its test is.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it; where it says it listens.
pub(crate) fn start() -> (Running, String) {
    let mut child = binary(&[]).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let running = Running(child);
    let mut line = String::new();
    BufReader::new(stderr).read_line(&mut line).unwrap();
    let url =
        line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).expect(&line).to_owned();
    (running, url)
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    for (name, value) in [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("HOST", "nowhere"),
        ("INBOX_FORWARD_URL", "bugsink:8000"),
    ] {
        let reported = refusal(binary(&[(name, value)]));
        assert!(reported.contains(&format!("{name}={value}: must be")), "{reported}");
    }
}

#[test]
fn a_bad_url_is_refused_by_its_variable_without_a_part_of_its_secrets() {
    for url in [
        "htp://teller7:hunter2@h",
        "teller7:hunter2@h",
        "http://teller7:hunter2@h:notaport",
        "http://hunter2@",
        "//hunter2",
        "hunter2",
        "teller7:hunter2",
        "htp://h/hunter2",
    ] {
        let reported = refusal(binary(&[("INBOX_FORWARD_URL", url)]));
        assert!(
            reported.contains("INBOX_FORWARD_URL=") && reported.contains("a URL such as http://"),
            "{url}: {reported}"
        );
        assert!(!reported.contains("teller7") && !reported.contains("hunter2"), "{url}: {reported}");
    }
}

#[test]
fn a_setting_that_is_no_text_is_a_bad_one() {
    let mut command = binary(&[]);
    command.env("PORT", std::ffi::OsStr::from_bytes(b"90\xff0"));
    assert!(refusal(command).contains("PORT="));
}

#[test]
fn a_taken_port_stops_the_start_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let reported = refusal(binary(&[("PORT", &port)]));
    assert!(reported.contains(&format!("127.0.0.1:{port}")) && reported.contains("in use"), "{reported}");
}

#[actix_web::test]
async fn it_takes_envelopes_until_a_signal_ends_it_with_0() {
    for signal in ["TERM", "INT"] {
        let (mut process, url) = start();
        let sent = http().post(format!("{url}/api/1/envelope/")).body(message("hello")).send().await.unwrap();
        assert_eq!(sent.status(), 200);
        let killed = Command::new("kill").args(["-s", signal, &process.0.id().to_string()]).status().unwrap();
        assert!(killed.success());
        assert_eq!(process.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_signal_right_after_its_first_line_ends_it_with_0() {
    let (mut process, _) = start();
    assert!(Command::new("kill").arg(process.0.id().to_string()).status().unwrap().success());
    assert_eq!(process.0.wait().unwrap().code(), Some(0));
}

//! A publisher that writes its bytes by itself: client libraries refuse to write what foreign ones may.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::helpers::SHOP;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;

pub(crate) fn text(text: &[u8]) -> Vec<u8> {
    [&[text.len() as u8][..], text].concat()
}

/// A table, or a text: what begins with its length.
pub(crate) fn long(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// Connected as guest, with confirmations.
pub(crate) struct RawPublisher(TcpStream);

impl RawPublisher {
    pub(crate) fn connect(url: &str) -> Self {
        let (_, address) = url.rsplit_once('@').or_else(|| url.split_once("//")).unwrap();
        let stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut this = Self(stream);
        this.0.write_all(b"AMQP\x00\x00\x09\x01").unwrap();
        assert_eq!(this.method()[..4], [0, 10, 0, 10], "start");
        let login = [long(b""), text(b"PLAIN"), long(b"\0guest\0guest"), text(b"en_US")].concat();
        this.send(METHOD, 0, &[&[0, 10, 0, 11][..], &login].concat());
        let tune = this.method();
        assert_eq!(tune[..4], [0, 10, 0, 30], "tune");
        // Without heartbeats.
        this.send(METHOD, 0, &[&[0, 10, 0, 31][..], &tune[4..10], &[0, 0]].concat());
        this.send(METHOD, 0, &[&[0, 10, 0, 40][..], &text(b"/"), &text(b""), &[0]].concat());
        assert_eq!(this.method()[..4], [0, 10, 0, 41], "open");
        this.send(METHOD, 1, &[&[0, 20, 0, 10][..], &text(b"")].concat());
        assert_eq!(this.method()[..4], [0, 20, 0, 11], "channel");
        this.send(METHOD, 1, &[0, 85, 0, 10, 0]);
        assert_eq!(this.method()[..4], [0, 85, 0, 11], "confirmations");
        this
    }

    /// Publishes with properties as they are written, and waits until the broker has it.
    pub(crate) fn publish(&mut self, key: &[u8], flags: u16, properties: &[u8], body: &[u8]) {
        let publish = [&[0, 60, 0, 40, 0, 0][..], &text(SHOP.exchange.as_bytes()), &text(key), &[0]].concat();
        self.send(METHOD, 1, &publish);
        let size = (body.len() as u64).to_be_bytes();
        self.send(HEADER, 1, &[&[0, 60, 0, 0][..], &size, &flags.to_be_bytes(), properties].concat());
        self.send(BODY, 1, body);
        let confirmed = self.method();
        let body = String::from_utf8_lossy(body);
        assert_eq!(confirmed[..4], [0, 60, 0, 80], "{body}: {}", String::from_utf8_lossy(&confirmed));
    }

    fn send(&mut self, kind: u8, channel: u8, payload: &[u8]) {
        self.0.write_all(&[&[kind, 0, channel][..], &long(payload), &[0xce]].concat()).unwrap();
    }

    fn method(&mut self) -> Vec<u8> {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).unwrap();
        let [_, _, _, length @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes(length) as usize + 1];
        self.0.read_exact(&mut payload).unwrap();
        payload
    }
}

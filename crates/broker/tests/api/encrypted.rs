//! `amqps://`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use broker::Publisher;
use fixtures::app::Telemetry;
use fixtures::{Missing, needed, rabbit};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::helpers::{PATIENCE, address, publish, sentry_as};

/// What a TLS connection begins with: a handshake record, and in it a ClientHello.
const RECORD: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// For [`publishes_one_message`]: the broker, and how many seconds it may take.
const URL: &str = "TEST_BROKER_URL";
const SECONDS: &str = "TEST_BROKER_SECONDS";

#[actix_web::test]
async fn nothing_is_sent_in_the_clear_to_an_amqps_url() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_inbox, hub) = sentry_as(Telemetry::Off).await;
    let url = format!("amqps://guest:hunter2@localhost:{port}");
    let publisher = Publisher::start(address(&url), &hub);
    publish(&hub, &publisher, 1);
    let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let mut record = [0; 5];
    timeout(PATIENCE, stream.read_exact(&mut record)).await.unwrap().unwrap();
    let mut handshake = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
    timeout(PATIENCE, stream.read_exact(&mut handshake)).await.unwrap().unwrap();
    assert_eq!((record[0], handshake[0]), (RECORD, CLIENT_HELLO), "{record:?}");
    let names_host = handshake.windows(9).any(|part| part == b"localhost");
    assert!(names_host, "the server must know which certificate is asked for");

    // No answer, no message: it stays with the publisher.
    drop(stream);
    assert_eq!(publisher.finish(Duration::ZERO).await, 1);
}

/// A certificate of localhost and its key.
struct Certificate(PathBuf);

impl Certificate {
    fn new(name: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let this = Self(folder.join(format!("broker-{name}-{}", std::process::id())));
        let mut openssl = Command::new("openssl");
        openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '));
        openssl.args("-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(' '));
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.arg("-out").arg(this.file()).arg("-keyout").arg(this.key());
        let output = openssl.output();
        let done = output.as_ref().is_ok_and(|output| output.status.success());
        needed(done.then_some(this).ok_or_else(|| Missing::new("openssl", format!("{output:?}"))))
    }

    fn file(&self) -> PathBuf {
        self.0.with_extension("crt")
    }

    fn key(&self) -> PathBuf {
        self.0.with_extension("key")
    }

    /// Takes encrypted connections, and passes on to the broker what is in them; the port.
    async fn before(&self, broker: String) -> u16 {
        let certificate = CertificateDer::from_pem_file(self.file()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_file(self.key()).unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, broker) = (acceptor.clone(), broker.clone());
                actix_web::rt::spawn(async move {
                    let Ok(mut encrypted) = acceptor.accept(stream).await else { return };
                    let mut plain = TcpStream::connect(broker).await.unwrap();
                    let _ = copy_bidirectional(&mut encrypted, &mut plain).await;
                });
            }
        });
        port
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = (fs::remove_file(self.file()), fs::remove_file(self.key()));
    }
}

/// A process of its own, since which certificates are trusted is known to a process by its environment.
async fn publish_trusting(certificate: &Certificate, url: &str, seconds: u64) -> Output {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "encrypted::publishes_one_message", "--ignored", "--nocapture"]);
    child.env(URL, url).env(SECONDS, seconds.to_string()).env("SSL_CERT_FILE", certificate.file());
    child.env_remove("SSL_CERT_DIR").kill_on_drop(true);
    timeout(2 * PATIENCE, child.output()).await.unwrap().unwrap()
}

#[actix_web::test]
#[ignore = "a part of the next test"]
async fn publishes_one_message() {
    let seconds = std::env::var(SECONDS).unwrap().parse().unwrap();
    let (_inbox, hub) = sentry_as(Telemetry::Off).await;
    let publisher = Publisher::start(address(&std::env::var(URL).unwrap()), &hub);
    publish(&hub, &publisher, 1);
    println!("{} left", publisher.finish(Duration::from_secs(seconds)).await);
}

#[actix_web::test]
async fn a_broker_is_published_to_only_if_its_certificate_is_trusted() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (Some(own), Some(other)) = (Certificate::new("own"), Certificate::new("other")) else { return };
    let url = broker.url();
    let (authority, host) = url.trim_start_matches("amqp://").split_once('/').unwrap();
    let port = own.before(authority.to_owned()).await;
    let url = format!("amqps://localhost:{port}/{host}");
    for (trusted, seconds, left) in [(&own, PATIENCE.as_secs(), "0 left"), (&other, 2, "1 left")] {
        let output = publish_trusting(trusted, &url, seconds).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(left), "not {left}: {output:?}");
    }
}

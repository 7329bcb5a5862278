//! A socket to the broker, encrypted where the URL says `amqps`.

use std::io::{Error, Result};
use std::sync::Arc;

use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What bytes of both kinds of connections go through.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

pub(crate) type Socket = Box<dyn Duplex>;

pub(crate) async fn connect(uri: &AMQPUri) -> Result<Socket> {
    let host = uri.authority.host.as_str();
    let stream = TcpStream::connect((host, uri.authority.port)).await?;
    Ok(match uri.scheme {
        AMQPScheme::AMQP => Box::new(stream),
        AMQPScheme::AMQPS => Box::new(encrypted(stream, host).await?),
    })
}

/// Trusts the certificates that the machine trusts.
async fn encrypted(stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(Error::other)?
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

//! A connection whose frames are made readable before the client library reads them.

use std::io::{Error, ErrorKind, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_rs::traits::{Executor, Reactor, RuntimeKit};
use async_rs::util::Task;
use async_rs::{Runtime, Tokio, TokioRuntime};
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::{Stream, TryFutureExt};
use lapin::tcp::AsyncTcpStream;
use lapin::{Connection, ConnectionProperties};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;

use crate::Address;
use crate::readable::Readable;
use crate::socket::{self, Socket};

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;

/// Connects, with TLS where the URL says so.
pub(crate) async fn connect(
    address: &Address,
    properties: ConnectionProperties,
) -> lapin::Result<Connection> {
    let runtime = Runtime::new(Kit(TokioRuntime::tokio_current()));
    // To the library, every stream is plain: without its own TLS, it would take an encrypted one for that, and send in the
    // clear.
    let connect = async move |uri: lapin::uri::AMQPUri, _: Runtime<Kit>| {
        Ok(AsyncTcpStream::Plain(ReadableStream::new(socket::connect(&uri).await?)))
    };
    Connection::connector(address.uri.clone(), runtime, connect, properties).await
}

/// A socket, read through [`Readable`].
pub(crate) struct ReadableStream {
    socket: Socket,
    frames: Readable,
    /// What can be read, and how much of it has been.
    ready: Vec<u8>,
    at: usize,
    chunk: Box<[u8]>,
}

impl ReadableStream {
    fn new(socket: Socket) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        Self { socket, frames: Readable::default(), ready: Vec::new(), at: 0, chunk }
    }
}

impl AsyncRead for ReadableStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize, Error>> {
        let this = self.get_mut();
        while this.at == this.ready.len() {
            this.ready.clear();
            this.at = 0;
            let mut came = ReadBuf::new(&mut this.chunk);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut came))?;
            if came.filled().is_empty() {
                this.ready = this.frames.rest();
                break;
            }
            this.frames.take(came.filled(), &mut this.ready);
        }
        let left = &this.ready[this.at..];
        let read = left.len().min(into.len());
        into[..read].copy_from_slice(&left[..read]);
        this.at += read;
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for ReadableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.socket).poll_write(cx, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Tokio, with these streams in place of its own: the library asks for both by one type.
#[derive(Debug, Clone)]
struct Kit(TokioRuntime);

impl RuntimeKit for Kit {}

impl Executor for Kit {
    type Task<T: Send + 'static> = <Tokio as Executor>::Task<T>;

    fn block_on<T, F: Future<Output = T>>(&self, future: F) -> T {
        self.0.block_on(future)
    }

    fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        future: F,
    ) -> Task<Self::Task<T>> {
        self.0.spawn(future)
    }

    fn spawn_blocking<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        work: F,
    ) -> Task<Self::Task<T>> {
        self.0.spawn_blocking(work)
    }
}

impl Reactor for Kit {
    type TcpStream = ReadableStream;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// The library has no use for it, and sockets of others are not read here.
    fn register<H: Read + Write + Send + 'static>(
        &self,
        _: H,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static, Error> {
        Err::<ReadableStream, _>(ErrorKind::Unsupported.into())
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = Result<Self::TcpStream, Error>> + Send + 'static {
        TcpStream::connect(address).map_ok(|socket| ReadableStream::new(Box::new(socket)))
    }
}

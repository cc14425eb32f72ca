//! Owns the sockets: accepts, serves HTTP/1 with TLS or without, and can break a connection in the ways that networks do.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

/// Connections that are open at one time on one socket; more wait.
const MOST_CONNECTIONS: usize = 1_024;

/// A response body, possibly one that breaks off.
pub(crate) type Body = BoxBody<Bytes, BreakOff>;

/// A body's error ends the connection where it stands.
#[derive(Debug)]
pub(crate) struct BreakOff;

impl From<Infallible> for BreakOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl std::fmt::Display for BreakOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the sandbox breaks the connection off, as it was asked to")
    }
}

impl std::error::Error for BreakOff {}

/// The connection that a request came on: a handler that fails closes it without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<AtomicBool>);

impl Connection {
    /// Makes the end of the connection a TCP reset instead of an orderly close.
    pub fn reset(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The TLS settings for the name that a client asks for, if it asks for one.
pub(crate) type TlsFor = Arc<dyn Fn(Option<&str>) -> io::Result<ServerConfig> + Send + Sync>;

/// Serves as `http` says, over TLS where that is given, until `stop` turns true; open connections end with it.
pub(crate) async fn serve<H, F>(
    listener: TcpListener,
    http: http1::Builder,
    tls: Option<TlsFor>,
    stop: watch::Receiver<bool>,
    handler: H,
) where
    H: Fn(Request<Incoming>, Connection) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, BreakOff>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut stopped = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = ends(&mut stopped) => return,
        };
        let Ok((stream, place)) = accepted else {
            // Out of file descriptors, most likely: the next try must not spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (http, tls, handler, mut stop) = (http.clone(), tls.clone(), handler.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = converse(stream, &http, tls, handler) => {}
                () = ends(&mut stop) => {}
            }
            drop(place);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn ends(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone is a sandbox that is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn converse<H, F>(stream: TcpStream, http: &http1::Builder, tls: Option<TlsFor>, handler: H)
where
    H: Fn(Request<Incoming>, Connection) -> F + Send,
    F: Future<Output = Result<Response<Body>, BreakOff>> + Send,
{
    let _ = stream.set_nodelay(true);
    let connection = Connection(Arc::default());
    let wire = Wire { stream, reset: connection.0.clone() };
    let service = service_fn(move |request| handler(request, connection.clone()));
    // However a connection ends, it concerns nobody but its client.
    let _ = match tls {
        None => http.serve_connection(TokioIo::new(wire), service).await,
        Some(tls) => match handshake(wire, &tls).await {
            Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await,
            Err(_) => return,
        },
    };
}

/// Makes TLS of a connection, with the certificate that the client's name gets.
async fn handshake(wire: Wire, tls: &TlsFor) -> io::Result<TlsStream<Wire>> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), wire).await?;
    let config = tls(start.client_hello().server_name())?;
    start.into_stream(Arc::new(config)).await
}

/// A TCP stream that can end with a reset.
struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

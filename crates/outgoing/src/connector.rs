//! Connects to a host directly, or through the proxy that the environment sets for it.

use std::{
    error::Error,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{
    Uri,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower::Service;

use super::{
    judged::{AddressJudge, AddressRefused, JudgedResolver},
    proxy::{OutgoingProxies, Proxy},
    tls,
};

type BoxError = Box<dyn Error + Send + Sync>;

/// Makes connections. For an https address, the wrapping connector adds TLS.
#[derive(Clone)]
pub struct Connector {
    direct: HttpConnector<JudgedResolver>,
    /// Whether an address may be connected to. `None` if any may.
    judge: Option<AddressJudge>,
    /// The connector to the proxy. The connection to the proxy itself may use TLS.
    to_proxy: Option<HttpsConnector<HttpConnector>>,
    proxies: Arc<OutgoingProxies>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connector").field("is_judged", &self.judge.is_some()).finish_non_exhaustive()
    }
}

impl Connector {
    /// `Err` if there is a proxy and the certificates of this system cannot be read.
    pub fn new(proxies: Arc<OutgoingProxies>, judge: Option<AddressJudge>) -> io::Result<Self> {
        let mut direct = HttpConnector::new_with_resolver(JudgedResolver::new(judge.clone()));
        direct.enforce_http(false);
        let to_proxy = match proxies.all().next() {
            Some(_) => {
                let tls = tls::config()?;
                Some(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build())
            }
            None => None,
        };
        Ok(Self { direct, judge, to_proxy, proxies })
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        // A host that is an address already is not resolved.
        if let Some(refused) = self.judge.as_ref().and_then(|judge| AddressRefused::literal(&to, judge)) {
            return Box::pin(async move { Err(refused.into()) });
        }
        let proxied = self.to_proxy.clone().zip(self.proxies.choose(&to).cloned());
        let Some((connector, proxy)) = proxied else {
            let connecting = self.direct.call(to);
            return Box::pin(async move { Ok(Stream::new(connecting.await?.into(), false)) });
        };
        Box::pin(async move {
            let connected = connect_through(&proxy, connector, to).await;
            connected.map_err(|cause| Box::new(ThroughProxy { proxy: proxy.to_string(), cause }).into())
        })
    }
}

async fn connect_through(
    proxy: &Proxy,
    mut connector: HttpsConnector<HttpConnector>,
    to: Uri,
) -> Result<Stream, BoxError> {
    if to.scheme_str() != Some("https") {
        return Ok(Stream::new(connector.call(proxy.uri().clone()).await?, true));
    }
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(authorization) = proxy.authorization() {
        tunnel = tunnel.with_auth(authorization.clone());
    }
    Ok(Stream::new(tunnel.call(to).await?, false))
}

/// An error of the connection to the proxy, or of the proxy.
#[derive(Debug, thiserror::Error)]
#[error("through the proxy {proxy}")]
struct ThroughProxy {
    proxy: String,
    #[source]
    cause: BoxError,
}

/// A connection.
pub struct Stream {
    inner: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// Whether a proxy reads the requests. Then they must contain the absolute URL (RFC 9112, 3.2.2).
    is_read_by_proxy: bool,
}

impl Stream {
    fn new(inner: MaybeHttpsStream<TokioIo<TcpStream>>, is_read_by_proxy: bool) -> Self {
        Self { inner, is_read_by_proxy }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Stream").field("is_read_by_proxy", &self.is_read_by_proxy).finish_non_exhaustive()
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.inner.connected().proxy(self.is_read_by_proxy)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

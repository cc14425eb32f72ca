//! Makes one connection: to one of the judged addresses, with TLS where the URL is https and no stand-in is asked.

use std::{net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{
    error::{FetchError, of_connecting, of_exchange},
    resolve::Judged,
    tls::CertificateRequest,
};

/// A stream of bytes, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that was made.
pub(crate) struct Connected {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) address: SocketAddr,
    pub(crate) certificate: CertificateRequest,
}

/// Connects to the first of the addresses that can be connected to. Each gets an equal share of the time that is left.
/// `Err` has what happened with the last one.
pub(crate) async fn connect(
    addresses: &[Judged],
    tls: Option<(&ClientConfig, ServerName<'static>)>,
    deadline: Instant,
) -> Result<Connected, FetchError> {
    let (stream, address) = reach(addresses, deadline).await?;
    // A request is small and waits for nothing.
    stream.set_nodelay(true).map_err(of_connecting)?;
    let certificate = CertificateRequest::default();
    let Some((config, name)) = tls else {
        return Ok(Connected { stream: Box::new(stream), address, certificate });
    };
    let mut config = config.clone();
    config.client_auth_cert_resolver = Arc::new(certificate.clone());
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = timeout_at(deadline, handshake).await.map_err(|_| FetchError::ConnectTimedOut)?;
    let stream = stream.map_err(|cause| of_exchange(cause, certificate.was_made()))?;
    Ok(Connected { stream: Box::new(stream), address, certificate })
}

async fn reach(addresses: &[Judged], deadline: Instant) -> Result<(TcpStream, SocketAddr), FetchError> {
    let mut failed = FetchError::ConnectTimedOut;
    for (at, address) in addresses.iter().enumerate() {
        let (now, address) = (Instant::now(), address.get());
        let share = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let until = now + deadline.saturating_duration_since(now) / share;
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(cause)) => failed = of_connecting(cause),
            Err(_) => failed = FetchError::ConnectTimedOut,
        }
    }
    Err(failed)
}

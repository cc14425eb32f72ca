//! Accepts connections. It limits how long headers may take, how long data may stay unread, and how many
//! connections are open, and it lets open requests end when the service stops.

pub(crate) mod connection_limit;
pub(crate) mod framing;
pub(crate) mod overload;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::http::server::{
    connection_limit::ConnectionLimit,
    framing::{TwoLengths, WatchedConnection},
    overload::OverloadResponder,
};

use super::state::AppState;

/// How long a client may take to send its headers. axum's own `serve` has no limit.
const HEADERS: Duration = Duration::from_secs(15);
/// How long sent data may stay unread. hyper would keep such a connection for ever.
const UNREAD: Duration = Duration::from_secs(30);
/// How long open requests may take after the stop signal.
const LAST_REQUESTS: Duration = Duration::from_secs(6);

/// Serves until the service stops, then waits for open requests to end.
pub async fn serve(listener: TcpListener, routes: Router, app: AppState) {
    let (graceful, limit, overload) =
        (GracefulShutdown::new(), ConnectionLimit::default(), OverloadResponder::default());
    let (stop, trusted) = (app.stop.clone(), app.options.authentication_methods.trusted.clone());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // The usual cause is too many open files. The next `accept` would fail at once too, so this waits.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(permit) = limit.acquire(client.ip(), trusted.contains(client.ip())) else {
            tracing::warn!(%client, "too many connections; one is turned away");
            overload.refuse(stream);
            continue;
        };
        let connection = graceful.watch(connection(stream, client, routes.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %client, "a connection broke");
            }
            drop(permit);
        });
    }
    if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

fn connection(
    stream: TcpStream,
    client: SocketAddr,
    routes: Router,
) -> hyper::server::conn::http1::Connection<
    TokioIo<WatchedConnection<TcpStream>>,
    TowerToHyperService<
        impl tower::Service<
            hyper::Request<Incoming>,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
            Future: Send,
        > + Clone
        + Send,
    >,
> {
    let _ = stream.set_nodelay(true);
    bound_unread(&stream);
    let two_lengths = TwoLengths::default();
    let stream = WatchedConnection::new(stream, two_lengths.clone());
    let routes = routes.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(client));
        request.extensions_mut().insert(two_lengths.clone());
        request
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
}

/// Makes the kernel close a connection whose client acknowledges nothing for [`UNREAD`] (RFC 5482). According to
/// `tcp(7)` this also counts while the receive window of the client is zero, that is, while it does not read. On
/// systems without this option only the limit on connections applies.
fn bound_unread(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD)) {
        tracing::debug!(%error, "a connection has no time limit on what is not read");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, UNREAD);
}

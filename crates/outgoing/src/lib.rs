//! The HTTP client for talking to others than AWS: providers of identities, a webhook, a running Unstale. And which
//! proxies the environment names, for AWS as well.

mod connector;
mod no_proxy;
mod proxy;

use std::{io, sync::Arc};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{client::legacy, rt::TokioExecutor};

use connector::Connector;
pub use proxy::{OutgoingProxies, OutgoingProxyError, Proxy};

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error(transparent)]
    Proxy(#[from] OutgoingProxyError),
    #[error("this system's certificates cannot be read")]
    Certificates(#[from] io::Error),
}

/// A client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct OutgoingClient {
    http: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    proxies: Arc<OutgoingProxies>,
}

/// One that trusts whom this system trusts, and goes through the proxies that the environment names.
pub fn client() -> Result<OutgoingClient, OutgoingError> {
    let proxies = Arc::new(OutgoingProxies::from_environment()?);
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connector::new(Arc::clone(&proxies))?);
    let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
    Ok(OutgoingClient { http, proxies })
}

impl OutgoingClient {
    pub async fn request(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        // A tunnel is asked for with the proxy's password. A plain request carries it itself, to the proxy and no further.
        if request.uri().scheme_str() == Some("http")
            && let Some(authorization) = self.proxies.choose(request.uri()).and_then(Proxy::authorization)
        {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        self.http.request(request).await
    }
}

//! The HTTP client for servers other than AWS (identity providers, a webhook, a running Unstale), and the proxies
//! of the environment, which the AWS clients use too.

mod connector;
mod judged;
mod no_proxy;
mod proxy;
mod tls;

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
pub use judged::AddressJudge;
pub use proxy::{OutgoingProxies, OutgoingProxyError, Proxy};

/// Why no client can be made.
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

/// Makes a client that trusts the certificates of this system and uses the proxies of the environment.
pub fn client() -> Result<OutgoingClient, OutgoingError> {
    with_judge(None)
}

/// Makes a client for addresses that people enter. A name is resolved once for each connection, and the connection goes to
/// an address that the judge allows; if it refuses one of a name's addresses, there is none. Through a proxy, it is the
/// proxy that resolves names: then only a host that is an address is judged.
pub fn judged_client(judge: AddressJudge) -> Result<OutgoingClient, OutgoingError> {
    with_judge(Some(judge))
}

fn with_judge(judge: Option<AddressJudge>) -> Result<OutgoingClient, OutgoingError> {
    let proxies = Arc::new(OutgoingProxies::from_environment()?);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls::config()?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connector::new(Arc::clone(&proxies), judge)?);
    let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
    Ok(OutgoingClient { http, proxies })
}

impl OutgoingClient {
    pub async fn request(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        // For a tunnel, the connector sends the proxy's password. A plain request must carry it itself; the proxy
        // removes it.
        if request.uri().scheme_str() == Some("http")
            && let Some(authorization) = self.proxies.choose(request.uri()).and_then(Proxy::authorization)
        {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        self.http.request(request).await
    }
}

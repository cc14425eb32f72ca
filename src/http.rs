//! The HTTP client for talking to others than AWS: providers of identities, a webhook, a running Unstale.

use std::{error::Error, io};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A client. Clones share its connections.
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// One that trusts whom this system trusts; an error where this system's certificates cannot be read.
pub fn client() -> io::Result<Client> {
    let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector))
}

/// The whole chain of causes: the first says only that it did not work.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

//! The SDK's HTTP client: which certificates it trusts, and which of its requests go through a proxy.

use std::{io, path::Path, sync::Arc};

use aws_sdk_cloudfront::config::SharedHttpClient;
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::{ProxyConfig, ProxyError},
    tls::{self, TlsContext, TrustStore},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::{config_bag::ConfigBag, error::display::DisplayErrorContext};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::Uri;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use unstale_domain::invalidations::problem::proxy;
use unstale_outgoing::{OutgoingProxies, Proxy};

/// A client without a proxy, for an emulator at a given address.
pub fn direct() -> SharedHttpClient {
    client(&ProxyConfig::disabled(), &TlsContext::default())
}

/// A client that sends each request directly, or through the proxy that is configured for its address.
pub fn through(proxies: OutgoingProxies, trust: TrustStore) -> Result<SharedHttpClient, BoxError> {
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let direct = client(&ProxyConfig::disabled(), &tls);
    let proxied = |proxy: &Proxy| -> Result<_, ProxyError> {
        let config = ProxyConfig::all(proxy.secret_address())?;
        Ok((proxy.clone(), client(&config, &tls)))
    };
    let proxied = proxies.all().map(proxied).collect::<Result<Vec<_>, _>>()?;
    if proxied.is_empty() {
        return Ok(direct);
    }
    Ok(SharedHttpClient::new(Chooser { proxies: Arc::new(proxies), direct, proxied }))
}

/// A client with rustls and ring, so that the program has only one TLS library and one crypto library.
fn client(proxy: &ProxyConfig, tls: &TlsContext) -> SharedHttpClient {
    let (proxy, tls) = (proxy.clone(), tls.clone());
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(proxy.clone())
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .tls_context(tls.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// Chooses the client for each request. The SDK's own proxy settings support neither two proxies nor Unstale's
/// rules for hosts without a proxy, so there is one client for each proxy and one without.
#[derive(Debug)]
struct Chooser {
    proxies: Arc<OutgoingProxies>,
    direct: SharedHttpClient,
    proxied: Vec<(Proxy, SharedHttpClient)>,
}

impl HttpClient for Chooser {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = |client: &SharedHttpClient| client.http_connector(settings, components);
        let proxied = self.proxied.iter().map(|(proxy, client)| (proxy.clone(), connector(client)));
        SharedHttpConnector::new(ChoosingConnector {
            proxies: Arc::clone(&self.proxies),
            direct: connector(&self.direct),
            proxied: proxied.collect(),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.direct.validate_base_client_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.direct.connector_metadata()
    }
}

#[derive(Debug)]
struct ChoosingConnector {
    proxies: Arc<OutgoingProxies>,
    direct: SharedHttpConnector,
    proxied: Vec<(Proxy, SharedHttpConnector)>,
}

impl HttpConnector for ChoosingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri: Option<Uri> = request.uri().parse().ok();
        let proxy = uri.as_ref().and_then(|uri| self.proxies.choose(uri));
        let proxied = self.proxied.iter().find(|(known, _)| Some(known) == proxy);
        let Some((proxy, connector)) = proxied else { return self.direct.call(request) };
        let (proxy, calling) = (proxy.to_string(), connector.call(request));
        HttpConnectorFuture::new(async move { calling.await.map_err(|error| told_by(&proxy, error)) })
    }
}

/// The proxy refused to open a tunnel (`CONNECT`).
#[derive(Debug, thiserror::Error)]
#[error("{note}")]
pub(super) struct TunnelRefused {
    note: String,
    #[source]
    cause: ConnectorError,
}

/// Adds the name of the proxy to the error if the proxy refused the tunnel. hyper-util has no public type for this
/// error, so it is recognised by its text.
fn told_by(proxy: &str, error: ConnectorError) -> ConnectorError {
    let words = DisplayErrorContext(&error).to_string();
    let wants_a_password = words.contains("tunnel error: proxy authorization required");
    if !wants_a_password && !words.contains("tunnel error: unsuccessful") {
        return error;
    }
    let note = proxy::note(proxy, wants_a_password);
    ConnectorError::io(Box::new(TunnelRefused { note, cause: error }))
}

/// Why a certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    #[error("it has no certificate in PEM form that can be used")]
    Empty,
}

/// The certificates of a file, which replace those of the system. Certificates that cannot be parsed are left out:
/// old ones are common in bundles, and the SDK would panic.
pub fn bundle(file: &Path) -> Result<TrustStore, BundleError> {
    let text = std::fs::read(file)?;
    let mut roots = RootCertStore::empty();
    let mut trust = TrustStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text).flatten() {
        let pem = pem(&certificate);
        if roots.add(certificate).is_ok() {
            trust.add_pem_certificate(pem);
        }
    }
    if roots.is_empty() { Err(BundleError::Empty) } else { Ok(trust) }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate))
}

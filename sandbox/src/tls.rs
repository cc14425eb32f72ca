//! Owns the TLS of the edge: which certificate a name gets, and whether its viewers have to show one.

use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::state::State;

/// The authority that signed the certificates of the edge, in PEM: clients of its HTTPS have to believe it.
pub const CERTIFICATE_AUTHORITY: &str = include_str!("../certificates/authority.pem");

/// Certificate and key of `*.cloudfront.net`.
const DEFAULT: [&[u8]; 2] =
    [include_bytes!("../certificates/cloudfront.pem"), include_bytes!("../certificates/cloudfront.key.pem")];
/// Certificate and key of `example.com` and `*.example.com`.
const CUSTOM: [&[u8]; 2] =
    [include_bytes!("../certificates/custom.pem"), include_bytes!("../certificates/custom.key.pem")];

/// Whether a viewer shows a certificate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientCertificates {
    None,
    Optional,
    Required,
}

/// The settings for a viewer who asks for this name. An alias of a distribution gets the custom certificate where that
/// covers it. Every other name gets CloudFront's default one: its own names, which it is for, and names that are no alias
/// or have no certificate, which it does not fit.
pub(crate) fn config_for(state: &State, name: Option<&str>) -> io::Result<ServerConfig> {
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let distribution = state.distributions.iter().find(|known| known.answers_to(&name));
    let is_alias = distribution.is_some_and(|known| name != known.domain);
    let certificate = if is_alias && is_covered(&name) { CUSTOM } else { DEFAULT };
    let clients = match distribution.and_then(|known| known.client_certificates.as_deref()) {
        Some("required") => ClientCertificates::Required,
        Some(_) => ClientCertificates::Optional,
        None => ClientCertificates::None,
    };
    config(certificate, clients)
}

fn is_covered(name: &str) -> bool {
    let below = name.split_once('.').map(|(_, rest)| rest);
    name == "example.com" || below == Some("example.com")
}

fn config([certificate, key]: [&[u8]; 2], clients: ClientCertificates) -> io::Result<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let builder = if clients == ClientCertificates::None {
        builder.with_no_client_auth()
    } else {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authority()?), provider);
        let verifier = match clients {
            ClientCertificates::Optional => verifier.allow_unauthenticated(),
            _ => verifier,
        };
        builder.with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
    };
    let chain = CertificateDer::from_pem_slice(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(io::Error::other)?;
    let mut config = builder.with_single_cert(vec![chain], key).map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn authority() -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE_AUTHORITY.as_bytes());
    roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    Ok(roots)
}

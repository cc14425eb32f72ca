//! Which certificates are believed, and whether a server asks for one of ours.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    ClientConfig, RootCertStore, SignatureScheme,
    client::{ResolvesClientCert, Resumption},
    crypto::ring,
    sign::CertifiedKey,
};

/// The certificates of this system. `Err` if there are none.
pub(crate) fn system_roots() -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Old certificates that cannot be read are common in bundles.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let cause = found.errors.into_iter().next();
    Err(cause.map_or_else(|| io::ErrorKind::NotFound.into(), io::Error::other))
}

/// TLS 1.2 and 1.3 for HTTP/1.1. Each connection begins anew, since a resumed one would not say what the server asks
/// for.
pub(crate) fn config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Notes whether the server asked for a client's certificate. None is ever sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct CertificateRequest(Arc<AtomicBool>);

impl CertificateRequest {
    pub(crate) fn was_made(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl ResolvesClientCert for CertificateRequest {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::SeqCst);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

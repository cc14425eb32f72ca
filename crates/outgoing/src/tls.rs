//! The certificates that are believed.

use std::{io, sync::OnceLock};

use hyper_rustls::ConfigBuilderExt;
use rustls::ClientConfig;

/// TLS with the certificates of this system. They are read once in a process: it takes some milliseconds each time,
/// and each account has a client.
pub fn config() -> io::Result<ClientConfig> {
    static READ: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = READ.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder().with_native_roots()?.with_no_client_auth();
    Ok(READ.get_or_init(|| config).clone())
}

//! Certificates that fit, that do not, and one that the server wants.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::server::{Server, Step, client_with, clock, get, get_at, short};
use crate::{
    client::{Bounds, EdgeClient},
    error::{FetchError, UrlProblem},
    place::Place,
};

/// For cloudfront.example and some others, signed by [`AUTHORITY`].
const CERTIFICATE: &[u8] = include_bytes!("../../../../tests/it/support/keys/tls.cert.pem");
const KEY: &[u8] = include_bytes!("../../../../tests/it/support/keys/tls.pem");
const AUTHORITY: &[u8] = include_bytes!("../../../../tests/it/support/keys/tls_ca.pem");

fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
    roots
}

/// Answers over TLS. The set has to be kept for as long.
async fn server(
    version: &'static SupportedProtocolVersion,
    wants_certificate: bool,
) -> (SocketAddr, JoinSet<()>) {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_protocol_versions(&[version]).unwrap();
    let config = if wants_certificate {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authority()), provider);
        config.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        config.with_no_client_auth()
    };
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).collect::<Result<Vec<_>, _>>().unwrap();
    let config = config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((client, _)) = listener.accept().await {
            let Ok(mut client) = acceptor.accept(client).await else { continue };
            let name = client.get_ref().1.server_name().unwrap_or_default().to_owned();
            let _ = client.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
            let _ = client.write_all(answer.as_bytes()).await;
            let _ = client.shutdown().await;
        }
    });
    (address, serving)
}

#[tokio::test]
async fn the_certificate_has_to_be_for_the_name() {
    for version in [&TLS12, &TLS13] {
        let (address, _serving) = server(version, false).await;
        let client = client_with(Bounds::default(), authority(), move |_, _| vec![address]);
        let seen = get(&client, "https://cloudfront.example/").await.unwrap();
        assert_eq!(&*seen.beginning, b"cloudfront.example", "the name of the URL is sent (SNI)");
        let seen =
            get_at(&client, "https://cloudfront.example/", "d1.FRA50-C1.cloudfront.net").await.unwrap();
        assert_eq!(&*seen.beginning, b"cloudfront.example", "also where another name was resolved");
        for url in ["https://www.example.com/", "https://a.cloudfront.example/"] {
            let seen = get(&client, url).await;
            assert!(matches!(seen, Err(FetchError::TlsName(_))), "{url}: {seen:?}");
        }
        let strange = client_with(Bounds::default(), RootCertStore::empty(), move |_, _| vec![address]);
        let seen = get(&strange, "https://cloudfront.example/").await;
        assert!(matches!(seen, Err(FetchError::Tls(_))), "{seen:?}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_is_told_apart() {
    for version in [&TLS12, &TLS13] {
        let (address, _serving) = server(version, true).await;
        let client = client_with(Bounds::default(), authority(), move |_, _| vec![address]);
        let seen = get(&client, "https://cloudfront.example/").await;
        assert!(matches!(seen, Err(FetchError::TlsClientCertificate(_))), "{version:?}: {seen:?}");
        // What is wrong with its own certificate comes first.
        let seen = get(&client, "https://www.example.com/").await;
        assert!(matches!(seen, Err(FetchError::TlsName(_))), "{version:?}: {seen:?}");
    }
}

#[tokio::test]
async fn the_one_address_may_speak_tls_and_is_then_asked_as_a_real_edge_is() {
    let (address, _serving) = server(&TLS13, false).await;
    let place = Place::TlsAt(address);
    let client = EdgeClient::with_roots(place, authority(), clock(), Bounds::default()).unwrap();
    // Its address is none of the internet, and has another port than 443.
    let seen = get(&client, "https://cloudfront.example/").await.unwrap();
    assert_eq!((seen.address, &*seen.beginning), (address, &b"cloudfront.example"[..]));
    let seen = get(&client, "https://www.example.com/").await;
    assert!(matches!(seen, Err(FetchError::TlsName(_))), "{seen:?}");
    let seen = get(&client, "http://cloudfront.example/").await;
    assert!(matches!(seen, Err(FetchError::UrlRefused(UrlProblem::PlainHttp))), "{seen:?}");
    let strange = EdgeClient::with_roots(place, RootCertStore::empty(), clock(), Bounds::default()).unwrap();
    let seen = get(&strange, "https://cloudfront.example/").await;
    assert!(matches!(seen, Err(FetchError::Tls(_))), "{seen:?}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = client.read(&mut [0; 4096]).await;
        }
    });
    let client = client_with(Bounds::default(), authority(), move |_, _| vec![address]);
    let seen = get(&client, "https://cloudfront.example/").await;
    assert!(matches!(seen, Err(FetchError::Tls(_))), "{seen:?}");
    let silent = Server::on("127.0.0.2", |_| vec![Step::Hang]).await;
    let address = silent.address;
    let client = client_with(short(), authority(), move |_, _| vec![address]);
    let seen = get(&client, "https://cloudfront.example/").await;
    assert!(matches!(seen, Err(FetchError::ConnectTimedOut)), "{seen:?}");
}

//! HTTPS at the edge: which certificate a name gets, and viewers that have to show one of their own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cloudfront_sandbox::{CERTIFICATE_AUTHORITY, Config, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};

use crate::support::{WORKSHOP, World};

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config { edge_tls: Some(anywhere), ..Config::new(folder.path().join("origin")) };
    World { sandbox: Sandbox::start(config).await.unwrap(), folder }
}

/// A viewer's connection by HTTPS, without a certificate of its own.
async fn connect(world: &World, name: &str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE_AUTHORITY.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let address = world.sandbox.edge_tls_url().unwrap().replace("https://", "");
    let stream = TcpStream::connect(address).await?;
    let server = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(server, stream).await
}

/// What `GET /` is answered with.
async fn get(world: &World, name: &str) -> io::Result<String> {
    let mut stream = connect(world, name).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// What TLS refuses a connection with. In TLS 1.3 the server refuses after the client's handshake is done.
async fn refusal(world: &World, name: &str) -> Error {
    let refused = async { connect(world, name).await?.read_u8().await };
    let error = refused.await.unwrap_err();
    error.get_ref().unwrap().downcast_ref::<Error>().unwrap().clone()
}

fn is_wrong_name(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))
}

fn change(world: &World, change: impl FnOnce(&mut cloudfront_sandbox::Distribution)) {
    let mut workshop = world.sandbox.distributions().into_iter().find(|known| known.id == WORKSHOP).unwrap();
    change(&mut workshop);
    world.sandbox.add_distribution(workshop).unwrap();
}

#[tokio::test]
async fn own_names_and_aliases_with_a_certificate_are_served_as_viewers_by_https() {
    let world = world().await;
    change(&world, |workshop| {
        workshop.viewer_protocol_policy = Some(cloudfront_sandbox::ViewerProtocolPolicy::HttpsOnly);
        workshop.aliases = vec!["www.example.com".to_owned()];
    });
    for name in ["d12345678.cloudfront.net", "www.example.com", "shop.example.com"] {
        let answer = get(&world, name).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{name}: {answer}");
    }
    assert_eq!(world.view(WORKSHOP, "/").await.status, 403, "not by HTTPS");
}

#[tokio::test]
async fn a_name_that_is_no_alias_or_has_no_certificate_gets_one_that_does_not_fit() {
    let world = world().await;
    assert!(is_wrong_name(&refusal(&world, "www.example.com").await), "it is no alias");
    change(&world, |workshop| {
        workshop.aliases = vec!["www.example.org".to_owned(), "a.b.example.com".to_owned()];
    });
    for name in ["www.example.org", "a.b.example.com"] {
        assert!(is_wrong_name(&refusal(&world, name).await), "{name} has no certificate");
    }
}

#[tokio::test]
async fn a_viewer_without_a_required_certificate_is_refused() {
    let world = world().await;
    change(&world, |workshop| workshop.client_certificates = Some("required".to_owned()));
    let refused = refusal(&world, "d12345678.cloudfront.net").await;
    assert_eq!(refused, Error::AlertReceived(AlertDescription::CertificateRequired));
    change(&world, |workshop| workshop.client_certificates = Some("optional".to_owned()));
    assert!(get(&world, "d12345678.cloudfront.net").await.unwrap().starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn the_authority_is_told_and_without_an_address_there_is_no_https() {
    let world = World::new().await;
    assert_eq!(world.sandbox.edge_tls_url(), None);
    let told = world.call("GET", "/_sandbox/authority", "").await;
    assert!(told.status == 200 && told.body.contains("-----BEGIN CERTIFICATE-----\\n"), "{}", told.body);
}

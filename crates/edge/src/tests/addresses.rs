//! Which addresses are connected to.

use std::net::SocketAddr;

use rustls::RootCertStore;

use super::server::{Server, Step, client_with, clock, closed, get};
use crate::{
    client::{Bounds, EdgeClient},
    error::FetchError,
    place::Place,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn ok(_: &str) -> Vec<Step> {
    vec![Step::Send(OK.into())]
}

fn client(lookup: impl Fn(&str, usize) -> Vec<SocketAddr> + Send + Sync + 'static) -> EdgeClient {
    client_with(Bounds::default(), RootCertStore::empty(), lookup)
}

#[tokio::test]
async fn a_name_with_an_address_that_is_not_public_is_refused_as_a_whole() {
    let (public, private) = (Server::on("127.0.0.2", ok).await, Server::on("127.0.0.1", ok).await);
    let (good, bad) = (public.address, private.address);
    for (found, refused) in [
        (vec![bad], "127.0.0.1"),
        (vec![good, bad], "127.0.0.1"),
        (vec![bad, good], "127.0.0.1"),
        (vec![good, good, good, good, good, bad], "127.0.0.1"),
        (vec![good, SocketAddr::new("fd00:ec2::254".parse().unwrap(), 80)], "fd00:ec2::254"),
        (vec![good, SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), bad.port())], "::ffff:127.0.0.1"),
    ] {
        let client = client(move |_, _| found.clone());
        match get(&client, "http://www.example.com/").await {
            Err(FetchError::AddressRefused { host, address }) => {
                assert_eq!((host.as_str(), address.to_string().as_str()), ("www.example.com", refused));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((public.accepted(), private.accepted()), (0, 0));
}

#[tokio::test]
async fn the_hosts_that_name_this_machine_are_refused_without_a_connection() {
    let server = Server::on("127.0.0.1", ok).await;
    let address = server.address;
    // A lookup that would lead to the server, if one of them were resolved.
    let client = client(move |_, _| vec![address]);
    for host in [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "0.0.0.0",
        "169.254.169.254",
        "①②⑦.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let seen = get(&client, &format!("{scheme}://{host}/")).await;
            assert!(matches!(seen, Err(FetchError::AddressRefused { .. })), "{host}: {seen:?}");
        }
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_name_is_resolved_once_for_a_look_and_its_redirects() {
    let to = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /next\r\n\r\n";
    let first = Server::on("127.0.0.2", move |head| {
        if head.starts_with("GET / ") { vec![Step::Send(to.into())] } else { ok(head) }
    })
    .await;
    let second = Server::on("127.0.0.1", ok).await;
    let (before, after) = (first.address, second.address);
    let client = client(move |_, times| vec![if times == 0 { before } else { after }]);
    let seen = get(&client, "http://www.example.com/").await.unwrap();
    assert_eq!((seen.address, seen.final_url.path()), (before, "/next"));
    // The next look resolves it anew, and what it then leads to is judged.
    let again = get(&client, "http://www.example.com/next").await;
    assert!(matches!(again, Err(FetchError::AddressRefused { .. })), "{again:?}");
    assert_eq!((first.accepted(), second.accepted()), (2, 0));
}

#[tokio::test]
async fn a_redirect_to_a_name_that_leads_to_a_private_address_is_refused() {
    let to = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://inner.example/\r\n\r\n";
    let outer = Server::on("127.0.0.2", move |_| vec![Step::Send(to.into())]).await;
    let inner = Server::on("127.0.0.1", ok).await;
    let (a, b) = (outer.address, inner.address);
    let client = client(move |host, _| vec![if host == "inner.example" { b } else { a }]);
    let seen = get(&client, "http://www.example.com/").await;
    assert!(
        matches!(&seen, Err(FetchError::AddressRefused { host, .. }) if host == "inner.example"),
        "{seen:?}"
    );
    assert_eq!((outer.accepted(), inner.accepted()), (1, 0));
}

#[tokio::test]
async fn the_next_public_address_is_tried_where_one_refuses() {
    let (_socket, gone) = closed("127.0.0.3");
    let server = Server::on("127.0.0.2", ok).await;
    let works = server.address;
    let client = client(move |_, _| vec![gone, works]);
    assert_eq!(get(&client, "http://www.example.com/").await.unwrap().address, works);
}

#[tokio::test]
async fn a_name_without_an_address_is_not_resolved() {
    let client = client(|_, _| Vec::new());
    let seen = get(&client, "http://www.example.com/").await;
    assert!(
        matches!(&seen, Err(FetchError::NotResolved { host, .. }) if host == "www.example.com"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_the_system_finds_is_judged() {
    let roots = RootCertStore::empty();
    let client = EdgeClient::with_roots(Place::Dns, roots, clock(), Bounds::default()).unwrap();
    let seen = get(&client, "http://localhost/").await;
    assert!(matches!(&seen, Err(FetchError::AddressRefused { host, .. }) if host == "localhost"), "{seen:?}");
}

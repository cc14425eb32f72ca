//! Which addresses are connected to.

use std::net::SocketAddr;

use rustls::RootCertStore;

use super::server::{Server, Step, client_at, client_with, clock, closed, get, get_at};
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

const LOCATION: &str = "d1.FRA50-C1.cloudfront.net";

#[tokio::test]
async fn another_name_leads_to_its_own_addresses_and_the_host_stays_the_sites() {
    let to = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /next\r\n\r\n";
    let away = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://other.example/\r\n\r\n";
    let location = Server::on("127.0.0.2", move |head| match head {
        head if head.starts_with("GET / ") => vec![Step::Send(to.into())],
        head if head.starts_with("GET /away ") => vec![Step::Send(away.into())],
        head => ok(head),
    })
    .await;
    let usual = Server::on("127.0.0.3", ok).await;
    let (there, here) = (location.address, usual.address);
    let client = client(move |host, _| vec![if host == LOCATION { there } else { here }]);
    let seen = get_at(&client, "http://www.example.com/", LOCATION).await.unwrap();
    assert_eq!((seen.address, seen.final_url.as_str()), (there, "http://www.example.com/next"));
    assert!(
        location.heads().iter().all(|head| head.contains("host: www.example.com\r\n")),
        "{:?}",
        location.heads()
    );
    assert!(!location.heads().concat().contains("x-resolved-name"), "only a stand-in is told");
    // The name is that of the one host, and of no other that it redirects to.
    let away = get_at(&client, "http://www.example.com/away", LOCATION).await.unwrap();
    assert_eq!((away.address, away.final_url.as_str()), (here, "http://other.example/"));
    assert_eq!(get(&client, "http://www.example.com/x").await.unwrap().address, here);
}

#[tokio::test]
async fn the_addresses_of_another_name_are_judged_as_all_are() {
    let (public, private) = (Server::on("127.0.0.2", ok).await, Server::on("127.0.0.1", ok).await);
    let (good, bad) = (public.address, private.address);
    for found in [vec![bad], vec![good, bad]] {
        let client = client(move |host, _| if host == LOCATION { found.clone() } else { vec![good] });
        match get_at(&client, "http://www.example.com/", LOCATION).await {
            Err(FetchError::AddressRefused { host, address }) => {
                assert_eq!((host.as_str(), address), (LOCATION, bad.ip()));
            }
            other => panic!("{other:?}"),
        }
    }
    let client = client(move |host, _| if host == LOCATION { Vec::new() } else { vec![good] });
    let seen = get_at(&client, "http://www.example.com/", LOCATION).await;
    assert!(matches!(&seen, Err(FetchError::NotResolved { host, .. }) if host == LOCATION), "{seen:?}");
    // A host that is an address is judged as what it is.
    let seen = get_at(&client, "http://169.254.169.254/", LOCATION).await;
    assert!(matches!(seen, Err(FetchError::AddressRefused { .. })), "{seen:?}");
    assert_eq!((public.accepted(), private.accepted()), (0, 0));
}

#[tokio::test]
async fn a_stand_in_is_told_which_name_would_have_been_resolved() {
    let stand_in = Server::with(ok).await;
    let client = client_at(&stand_in);
    get_at(&client, "https://www.example.com/", LOCATION).await.unwrap();
    get(&client, "https://www.example.com/").await.unwrap();
    let told = format!("x-resolved-name: {LOCATION}\r\n");
    let heads = stand_in.heads();
    assert!(heads[0].contains(&told) && heads[0].contains("host: www.example.com\r\n"), "{heads:?}");
    assert!(!heads[1].contains("x-resolved-name"), "{heads:?}");
}

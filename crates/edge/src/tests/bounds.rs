//! Answers that are slow, endless, broken or odd.

use std::time::Duration;

use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use url::Url;

use super::server::{Server, Step, bounded_at, client_at, clock, closed, get, get_for, short};
use crate::{
    client::{Bounds, EdgeClient, Fetched},
    error::{FetchError, UrlProblem},
    place::Place,
    request::{EdgeMethod, EdgeRequest},
};

const URL: &str = "http://www.example.com/index.html";
const ENDLESS: &str = "HTTP/1.1 200 OK\r\n\r\n";

async fn seen(steps: Vec<Step>) -> Result<Fetched, FetchError> {
    let server = Server::start(steps).await;
    get(&client_at(&server), URL).await
}

fn send(text: &str) -> Step {
    Step::Send(text.into())
}

#[tokio::test]
async fn a_look_says_what_came_and_asks_as_a_viewer_would() {
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nAge: 7\r\n\r\nNot here.";
    let server = Server::answering(answer).await;
    let client = client_at(&server);
    let url = "https://WWW.example.com:8443/a|b?c='d'#e";
    let seen = get_for(&client, url, &["here", "now"]).await.unwrap();
    assert_eq!((seen.status, seen.at), (StatusCode::NOT_FOUND, clock().now()));
    assert_eq!(seen.headers["age"], "7");
    assert_eq!(seen.sha256, Some(Sha256::digest("Not here.").into()));
    assert_eq!((seen.length, seen.cut, &*seen.beginning), (9, false, &b"Not here."[..]));
    assert_eq!((seen.found.as_slice(), seen.address), (&[true, false][..], server.address));
    assert_eq!((seen.redirects.len(), seen.final_url.host_str()), (0, Some("www.example.com")));
    let version = env!("CARGO_PKG_VERSION");
    let head = format!(
        "GET /a|b?c=%27d%27 HTTP/1.1\r\nhost: www.example.com:8443\r\nuser-agent: unstale-check/{version}\r\n\
         accept: */*\r\naccept-encoding: identity\r\npragma: server-timing\r\nconnection: close\r\n\
         x-forwarded-proto: https\r\n\r\n"
    );
    assert_eq!(server.heads(), [head]);
}

#[tokio::test]
async fn a_header_or_body_that_comes_slowly_is_not_waited_for() {
    let slow = Step::Repeat(b"x".to_vec(), Duration::from_millis(20));
    let line = Step::Repeat(b"X-A: b\r\n".to_vec(), Duration::from_millis(20));
    let cases = [
        (vec![Step::Hang], None),
        (vec![send("HTTP/1.1 200 OK\r\n"), Step::Hang], None),
        (vec![send("HTTP/1.1 200 OK\r\n"), line], None),
        (vec![Step::Repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), Duration::from_millis(20))], None),
        (vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), Step::Hang], Some(StatusCode::OK)),
        (vec![send(ENDLESS), slow], Some(StatusCode::OK)),
    ];
    let mut looks = JoinSet::new();
    for (steps, expected) in cases {
        looks.spawn(async move {
            let words = format!("{steps:?}");
            let server = Server::start(steps).await;
            match get(&bounded_at(&server, short()), URL).await {
                Err(FetchError::AnswerTimedOut { status }) => assert_eq!(status, expected, "{words}"),
                other => panic!("{words}: {other:?}"),
            }
        });
    }
    looks.join_all().await;
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_bound_and_a_full_one_is_not() {
    let server = Server::start(vec![send(ENDLESS), Step::Repeat(vec![b'a'; 4096], Duration::ZERO)]).await;
    let seen = get_for(&client_at(&server), URL, &["aab"]).await.unwrap();
    assert_eq!((seen.length, seen.cut, seen.beginning.len()), (8 << 20, true, 64 << 10));
    assert_eq!(seen.sha256, Some(Sha256::digest(vec![b'a'; 8 << 20]).into()));
    assert_eq!(seen.found, [false]);
    let small = Bounds { body: 1000, beginning: 10, ..Bounds::default() };
    for (length, kept, cut) in [(999, 999, false), (1000, 1000, false), (1001, 1000, true)] {
        let body = "b".repeat(length);
        let server =
            Server::answering(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        let seen = get(&bounded_at(&server, small.clone()), URL).await.unwrap();
        assert_eq!((seen.length, seen.cut, &*seen.beginning), (kept, cut, &b"bbbbbbbbbb"[..]));
        assert_eq!(seen.sha256, Some(Sha256::digest(&body[..usize::try_from(kept).unwrap()]).into()));
    }
}

#[tokio::test]
async fn a_look_may_ask_for_less_of_a_body_and_not_for_more() {
    let url = Url::parse(URL).unwrap();
    let request = EdgeRequest {
        method: EdgeMethod::Get,
        url: &url,
        headers: &[],
        needles: &[],
        resolved_name: None,
        may_follow: None,
    };
    for (bound, asked, kept) in [(1000, 100, 100), (1000, 5000, 1000)] {
        // It does not wait for the rest.
        let steps = vec![send(ENDLESS), Step::Send(vec![b'a'; 2000]), Step::Hang];
        let server = Server::start(steps).await;
        let client = bounded_at(&server, Bounds { body: bound, ..Bounds::default() });
        let seen = client.get_up_to(&request, asked).await.unwrap();
        assert_eq!((seen.length, seen.cut), (kept, true), "{asked}");
    }
}

#[tokio::test]
async fn a_text_is_found_across_the_chunks_of_a_body() {
    let mut steps = vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")];
    steps.extend(["6\r\n<p>bui\r\n", "5\r\nld 51\r\n", "6\r\n21</p>\r\n", "0\r\n\r\n"].map(send));
    let server = Server::start(steps).await;
    let client = client_at(&server);
    let seen = get_for(&client, URL, &["build 5121", "build 5122"]).await.unwrap();
    assert_eq!(seen.found, [true, false]);
    assert_eq!(seen.sha256, Some(Sha256::digest("<p>build 5121</p>").into()));
}

#[tokio::test]
async fn a_body_that_is_compressed_all_the_same_is_hashed_as_it_came() {
    let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let seen = seen(vec![send(&head), Step::Send(packed.to_vec())]).await.unwrap();
    assert!(seen.is_encoded() && seen.headers["content-encoding"] == "gzip");
    assert_eq!(seen.sha256, Some(Sha256::digest(packed).into()));
}

#[tokio::test]
async fn what_is_not_a_whole_answer_is_told_apart() {
    let many = "X-A: b\r\n".repeat(300);
    let large = format!("X-Large: {}\r\n", "x".repeat(70_000));
    for head in [many, large] {
        let steps = vec![send(&format!("HTTP/1.1 200 OK\r\n{head}\r\n")), Step::Hang];
        let seen = seen(steps).await;
        assert!(matches!(seen, Err(FetchError::BadAnswer(_))), "{seen:?}");
    }
    let steps = vec![send("SSH-2.0-OpenSSH_9.2\r\n"), Step::Hang];
    assert!(matches!(seen(steps).await, Err(FetchError::BadAnswer(_))));
    for begun in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
        let closed = seen(vec![send(begun)]).await;
        assert!(matches!(closed, Err(FetchError::ClosedEarly(_))), "{begun:?}: {closed:?}");
        let reset = seen(vec![send(begun), Step::Reset]).await;
        assert!(matches!(reset, Err(FetchError::ConnectionReset(_))), "{begun:?}: {reset:?}");
    }
    let (_socket, gone) = closed("127.0.0.1");
    let client = EdgeClient::new(Place::At(gone), clock(), Bounds::default()).unwrap();
    let refused = get(&client, URL).await;
    assert!(matches!(refused, Err(FetchError::ConnectionRefused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_look_changes_nothing_and_keeps_its_own_headers() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nAllow: GET\r\n\r\n").await;
    let (client, url) = (client_at(&server), Url::parse(URL).unwrap());
    let key = (HeaderName::from_static("x-api-key"), HeaderValue::from_static("k"));
    let gzip = (HeaderName::from_static("accept-encoding"), HeaderValue::from_static("gzip"));
    let host = (HeaderName::from_static("host"), HeaderValue::from_static("10.0.0.1"));
    let look = |method, headers| EdgeRequest {
        method,
        url: &url,
        headers,
        needles: &[],
        resolved_name: None,
        may_follow: Some(&|_| true),
    };
    let headers = [key, gzip];
    let head = client.get(&look(EdgeMethod::Head, &headers)).await.unwrap();
    assert_eq!(
        (head.sha256, head.length, &head.headers["content-length"]),
        (None, 0, &HeaderValue::from_static("5"))
    );
    let refused = client.get(&look(EdgeMethod::Options, &[host])).await;
    assert!(matches!(refused, Err(FetchError::HeaderRefused(name)) if name == "host"));
    let heads = server.heads();
    assert!(heads.len() == 1 && heads[0].starts_with("HEAD /index.html HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("\r\nx-api-key: k\r\n") && heads[0].contains("\r\naccept-encoding: gzip\r\n"));
    assert!(!heads[0].contains("identity"), "{heads:?}");
}

#[tokio::test]
async fn a_site_that_hangs_leaves_places_for_others() {
    let server = Server::with(|head| {
        if head.contains("hangs.example") {
            vec![Step::Hang]
        } else {
            vec![send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
        }
    })
    .await;
    let bounds = Bounds { looks: 3, ..Bounds::default() };
    let client = bounded_at(&server, bounds);
    let hang = || get(&client, "http://hangs.example/");
    let others = async {
        // These begin after the ones that hang, and end before them.
        for _ in 0..5 {
            get(&client, "http://works.example/").await.unwrap();
        }
    };
    tokio::select! {
        biased;
        (first, second, third) = async { tokio::join!(hang(), hang(), hang()) } => panic!("{first:?} {second:?} {third:?}"),
        () = others => {}
    }
    let hanging = server.heads().iter().filter(|head| head.contains("hangs.example")).count();
    assert!(hanging <= 2, "{hanging} looks at once at one host");
}

#[tokio::test]
async fn a_url_that_is_not_a_sites_is_refused() {
    let client =
        EdgeClient::with_roots(Place::Dns, rustls::RootCertStore::empty(), clock(), short()).unwrap();
    for (url, problem) in [
        ("ftp://www.example.com/", UrlProblem::Scheme),
        ("file:///etc/passwd", UrlProblem::Scheme),
        ("data:,x", UrlProblem::Scheme),
        ("http://ada@www.example.com/", UrlProblem::UserInfo),
        ("http://:hush@www.example.com/", UrlProblem::UserInfo),
        ("http://www.example.com:22/", UrlProblem::Port(22)),
        ("https://www.example.com:8443/", UrlProblem::Port(8443)),
    ] {
        let refused = get(&client, url).await;
        assert!(
            matches!(refused, Err(FetchError::UrlRefused(found)) if found == problem),
            "{url}: {refused:?}"
        );
    }
}

//! Redirects: where they may lead, and what goes along.

use std::sync::Mutex;

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use super::server::{Server, Step, client_at, get};
use crate::{
    client::Fetched,
    error::{FetchError, UrlProblem},
    request::{EdgeMethod, EdgeRequest},
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn redirect(to: &str) -> Vec<Step> {
    vec![Step::Send(format!("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n").into())]
}

/// Looks at `/` of a server that leads on from there, and answers everything else.
async fn led_to(to: &'static str) -> (Server, Result<Fetched, FetchError>) {
    let server =
        Server::with(
            move |head| if head.starts_with("GET / ") { redirect(to) } else { vec![Step::Send(OK.into())] },
        )
        .await;
    let seen = get(&client_at(&server), "http://www.example.com/").await;
    (server, seen)
}

#[tokio::test]
async fn a_redirect_that_is_allowed_is_followed() {
    for (to, expected) in [
        ("/a b?c", "http://www.example.com/a%20b?c"),
        ("next#part", "http://www.example.com/next"),
        ("https://www.example.com/next", "https://www.example.com/next"),
        ("//other.example/next", "http://other.example/next"),
        ("http://8.8.8.8/next", "http://8.8.8.8/next"),
    ] {
        let (server, seen) = led_to(to).await;
        let seen = seen.unwrap();
        assert_eq!(seen.final_url.as_str(), expected);
        assert_eq!((seen.redirects, seen.address), (vec![seen.final_url], server.address));
        assert_eq!(server.accepted(), 2, "{to}: each look has connections of its own");
    }
}

#[tokio::test]
async fn a_redirect_to_what_may_not_be_asked_makes_no_connection() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://2852039166/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "http://0251.0376.0251.0376/",
        "http://0x7f.2/",
        "http://[::1]/",
        "http://10.0.0.1:80/",
        "http://0/",
    ] {
        let (server, seen) = led_to(to).await;
        assert!(matches!(seen, Err(FetchError::AddressRefused { .. })), "{to}: {seen:?}");
        assert_eq!(server.accepted(), 1, "{to}");
    }
    for (to, problem) in [
        ("ftp://www.example.com/", UrlProblem::Scheme),
        ("file:///etc/passwd", UrlProblem::Scheme),
        ("javascript:alert(1)", UrlProblem::Scheme),
        ("http://www.example.com@other.example/", UrlProblem::UserInfo),
    ] {
        let (server, seen) = led_to(to).await;
        assert!(matches!(seen, Err(FetchError::UrlRefused(found)) if found == problem), "{to}: {seen:?}");
        assert_eq!(server.accepted(), 1, "{to}");
    }
    let (server, seen) = led_to("http://[").await;
    assert!(matches!(seen, Err(FetchError::BadAnswer(_))), "{seen:?}");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn the_caller_is_asked_before_a_redirect_is_followed() {
    let server = Server::with(|_| redirect("https://other.example/next")).await;
    let url = Url::parse("http://www.example.com/").unwrap();
    let asked = Mutex::new(Vec::new());
    let may_follow = |url: &Url| {
        asked.lock().unwrap().push(url.to_string());
        url.host_str() == Some("www.example.com")
    };
    let look = EdgeRequest {
        method: EdgeMethod::Get,
        url: &url,
        headers: &[],
        needles: &[],
        resolved_name: None,
        may_follow: Some(&may_follow),
    };
    match client_at(&server).get(&look).await {
        Err(FetchError::RedirectRefused { status, to }) => {
            assert_eq!((status.as_u16(), to.as_str()), (301, "https://other.example/next"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(*asked.lock().unwrap(), ["https://other.example/next"]);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_loop_ends_after_three_redirects() {
    let server = Server::with(|_| redirect("/")).await;
    let seen = get(&client_at(&server), "http://www.example.com/").await;
    assert!(matches!(seen, Err(FetchError::TooManyRedirects { max: 3 })), "{seen:?}");
    assert_eq!(server.accepted(), 4);
}

#[tokio::test]
async fn a_redirect_of_a_preflight_and_one_without_a_target_are_answers() {
    let server = Server::with(|head| {
        if head.starts_with("OPTIONS") {
            redirect("/next")
        } else {
            vec![Step::Send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec())]
        }
    })
    .await;
    let (client, url) = (client_at(&server), Url::parse("http://www.example.com/").unwrap());
    for (method, status) in [(EdgeMethod::Options, 301), (EdgeMethod::Get, 302)] {
        let look = EdgeRequest {
            method,
            url: &url,
            headers: &[],
            needles: &[],
            resolved_name: None,
            may_follow: Some(&|_| true),
        };
        assert_eq!(client.get(&look).await.unwrap().status.as_u16(), status);
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_secret_header_goes_to_no_other_host_and_never_from_https_to_http() {
    let headers = [
        (HeaderName::from_static("x-api-key"), HeaderValue::from_static("hush")),
        (HeaderName::from_static("origin"), HeaderValue::from_static("https://site.example")),
    ];
    for (from, to, goes) in [
        ("http://www.example.com/", "/next", true),
        ("http://www.example.com/", "https://www.example.com/next", true),
        ("https://www.example.com/", "http://www.example.com/next", false),
        ("https://www.example.com/", "https://www.example.com:8443/next", false),
        ("https://www.example.com/", "https://other.example/next", false),
        ("https://www.example.com/", "https://www.example.com.other.example/next", false),
    ] {
        let server =
            Server::with(
                move |head| {
                    if head.starts_with("GET / ") { redirect(to) } else { vec![Step::Send(OK.into())] }
                },
            )
            .await;
        let url = Url::parse(from).unwrap();
        let method = EdgeMethod::Get;
        let look = EdgeRequest {
            method,
            url: &url,
            headers: &headers,
            needles: &[],
            resolved_name: None,
            may_follow: Some(&|_| true),
        };
        client_at(&server).get(&look).await.unwrap();
        let heads = server.heads();
        assert!(heads[0].contains("x-api-key: hush"), "{heads:?}");
        assert_eq!(heads[1].contains("hush"), goes, "{from} to {to}: {heads:?}");
        assert!(heads[1].contains("origin: https://site.example"), "{heads:?}");
    }
}

#[tokio::test]
async fn a_look_that_does_not_follow_gets_the_answer_that_redirects() {
    let server =
        Server::answering("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nAge: 7\r\nLocation: /next\r\n\r\n")
            .await;
    let url = Url::parse("http://www.example.com/").unwrap();
    let look = EdgeRequest {
        method: EdgeMethod::Get,
        url: &url,
        headers: &[],
        needles: &[],
        resolved_name: None,
        may_follow: None,
    };
    let seen = client_at(&server).get(&look).await.unwrap();
    assert_eq!((seen.status.as_u16(), seen.final_url.path(), seen.redirects.len()), (301, "/", 0));
    assert_eq!((seen.headers["age"].as_bytes(), server.accepted()), (&b"7"[..], 1));
}

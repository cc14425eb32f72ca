//! Requests that two readers can read in two ways, as bytes on a connection: each is refused, and its connection ends.

use std::time::Duration;

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use unstale::domain::access::Role;

use crate::support::{Browser, TestApp, WORKSHOP, encoded, uuid};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n";

/// All that comes back until the service hangs up.
async fn talk(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).await.unwrap();
    // It may hang up before it has read all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = async {
        let mut part = [0; 4_096];
        while let Ok(size @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..size]);
        }
    };
    tokio::time::timeout(Duration::from_secs(5), read).await.expect("the connection stays open");
    String::from_utf8(answer).unwrap()
}

fn cookie(browser: &Browser) -> String {
    format!("cookie: unstale={}\r\n", browser.cookie("unstale").unwrap())
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let app = TestApp::new().await;
    let (ada, vera) = (app.operator().await, app.signed_in("vera@example.com", Role::Viewer).await);
    let (cookie, other) = (cookie(&ada), cookie(&vera));
    let host = "host: unstale.example\r\n";
    let close = "connection: close\r\n";
    let fields = encoded(&[("distribution", WORKSHOP), ("items", "/a"), ("request_key", &uuid())]);
    let length = format!("content-length: {}\r\n", fields.len());
    let before = app.kept().await;
    let head = app.world.head().await;
    let get = |headers: &str| format!("GET / HTTP/1.1\r\n{cookie}{headers}\r\n");
    let post = |headers: &str, body: &str| {
        format!("POST /invalidations HTTP/1.1\r\n{host}{cookie}{FORM}{headers}\r\n{body}")
    };
    let chunked = format!("{:x}\r\n{fields}\r\n0\r\n\r\n", fields.len());
    let te = "transfer-encoding: chunked\r\n";
    for (request, words) in [
        (get(""), "no Host header"),
        (get("host: a.example\r\nhost: b.example\r\n"), "the header host twice"),
        (get("host: a.example\r\nHOST: a.example\r\n"), "the header host twice"),
        (get("host: \r\n"), "names no host"),
        (get("host: a b\r\n"), "names no host"),
        (get("host: me@a.example\r\n"), "names no host"),
        (get("host: a.example:x\r\n"), "names no host"),
        (get("host: a.example/x\r\n"), "names no host"),
        (
            get(&format!("{host}authorization: Bearer a\r\nauthorization: Bearer b\r\n")),
            "the header authorization twice",
        ),
        (get(&format!("{host}user-agent: a\r\nuser-agent: b\r\n")), "the header user-agent twice"),
        (get(&format!("{host}{other}")), "cookies of two sessions"),
        (
            get(&format!("{host}cookie: a=b; {}", other.strip_prefix("cookie: ").unwrap())),
            "cookies of two sessions",
        ),
        (format!("GET http://evil.example/ HTTP/1.1\r\n{host}{cookie}\r\n"), "name two hosts"),
        (format!("GET http://unstale.example:8080/ HTTP/1.1\r\n{host}{cookie}\r\n"), "name two hosts"),
        (post(&format!("{length}{te}"), &chunked), "both Content-Length and Transfer-Encoding"),
        (post(&format!("{te}{length}"), &chunked), "both Content-Length and Transfer-Encoding"),
        (post(&format!("{length}content-type: text/plain\r\n"), &fields), "the header content-type twice"),
        (
            post(&format!("{length}origin: http://a\r\norigin: http://b\r\n"), &fields),
            "the header origin twice",
        ),
        (
            post(&format!("{length}idempotency-key: a\r\nidempotency-key: b\r\n"), &fields),
            "the header idempotency-key twice",
        ),
    ] {
        let answer = talk(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request}:\n{answer}");
        assert!(answer.contains(words), "{request}:\n{answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.contains("x-request-id: ") && answer.contains("permissions-policy: "), "{answer}");
    }
    // hyper itself refuses these.
    for request in [
        post(&format!("{length}content-length: 1\r\n"), &fields),
        post("transfer-encoding: chunked, gzip\r\n", &fields),
        get(&format!("{host}user-agent: a\u{0}b\r\n")),
        get(&format!("{host} folded: x\r\n")),
    ] {
        let answer = talk(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request}:\n{answer}");
    }
    assert_eq!(app.kept().await, before);
    assert_eq!(
        app.world.events_after(head).await,
        ["act.refused"],
        "a stranger's noise is told once a minute"
    );
    for (request, status) in [
        (get(&format!("{host}{close}")), "HTTP/1.1 200"),
        (get(&format!("host: [::1]:8080\r\n{close}")), "HTTP/1.1 200"),
        (get(&format!("{host}{close}{cookie}")), "HTTP/1.1 200"),
        (format!("GET http://UNSTALE.example:80/ HTTP/1.1\r\n{host}{close}{cookie}\r\n"), "HTTP/1.1 200"),
        (format!("GET / HTTP/1.0\r\n{cookie}\r\n"), "HTTP/1.0 200"),
        (post(&format!("{close}{te}"), &chunked), "HTTP/1.1 303"),
    ] {
        let answer = talk(&app, &request).await;
        assert!(answer.starts_with(status), "{request}:\n{answer}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_second_request_on_the_connection_is_looked_at_too() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let (host, cookie) = ("host: unstale.example\r\n", cookie(&ada));
    let body = "distribution=x&items=%0AContent-Length: 1\nTransfer-Encoding: chunked\n\n";
    let first = format!(
        "POST /plan HTTP/1.1\r\n{host}{cookie}{FORM}content-length: {}\r\n\r\n{body}GET /healthz HTTP/1.1\r\n{host}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200") && !text.contains("HTTP/1.1 400"), "{text}");
    let both = format!(
        "POST /plan HTTP/1.1\r\n{host}{cookie}{FORM}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    stream.write_all(both.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    app.finish().await;
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    for body in [
        "distribution=E2QWRUHAPOMQZL&distribution=E1SHOP7K2M4NQX&items=/a",
        "distribution=E2QWRUHAPOMQZL&items=/a&items=/*",
        "distribution=E2QWRUHAPOMQZL&items=/a&reason=a&reason=b",
        "distribution=E2QWRUHAPOMQZL&items=/a&alone=yes&alone=yes",
        "distribution=E2QWRUHAPOMQZL&items=/a&nothing=a&nothing=b",
    ] {
        let answer = ada.post_body("/invalidations", body).await;
        answer.assert_status(400).assert_says("This could not be read");
    }
    for path in
        ["/history?q=a&q=b", "/distributions?q=a&q=b", "/?distribution=a&distribution=b", "/history?x=1&x=2"]
    {
        let answer = ada.send(Method::GET, path, &[], Vec::new()).await;
        answer.assert_status(400);
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

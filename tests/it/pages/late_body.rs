//! A session that ends between the head of a write and its body carries nothing out any more.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use unstale::domain::{access::Role, secret::Secret};

use crate::support::{TestApp, WORKSHOP, encoded, uuid};

/// Sends the head, waits until the body is asked for, ends the session, sends the body; gives the answer.
async fn send_late(app: &TestApp, path: &str, session: &str, fields: &[(&str, &str)]) -> String {
    let address = app.address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = encoded(fields);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nCookie: unstale={session}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "{path}");
    let hash = Secret::parse(session).unwrap().hash();
    let end = format!("DELETE FROM session WHERE token_hash = '{}'", hash.as_str());
    app.world.database.raw().await.run(&end).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_session_that_ends_before_the_body_comes_does_nothing() {
    let app = TestApp::new().await;
    let person = app.person("member@example.com", Role::Viewer).await;
    let role = format!("/settings/people/{}/role", person.id);
    let key = uuid();
    let tries: [(&str, &[(&str, &str)]); 8] = [
        ("/invalidations", &[("distribution", WORKSHOP), ("items", "/a"), ("request_key", &key)]),
        ("/settings/groups", &[("name", "docs")]),
        ("/settings/people", &[("email", "new@example.com"), ("role", "admin")]),
        (&role, &[("role", "admin")]),
        ("/settings/tokens", &[("name", "deploy"), ("role", "operator")]),
        ("/settings/protection", &[("distribution", WORKSHOP), ("guard", "open")]),
        ("/history/searches", &[("name", "mine"), ("query", "q=a")]),
        ("/settings/account/second-step/confirm", &[("code", "123456")]),
    ];
    for (path, fields) in tries {
        let admin = app.signed_in(&format!("{}@example.com", uuid()), Role::Admin).await;
        let session = admin.cookie("unstale").unwrap();
        let head = app.world.head().await;
        let mut before = app.kept().await;
        *before.get_mut("session").unwrap() -= 1;
        let answer = send_late(&app, path, &session, fields).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
        assert!(answer.contains("Your session has ended"), "{path}: {answer}");
        assert_eq!(app.kept().await, before, "{path}");
        assert_eq!(app.world.events_after(head).await, ["act.refused"], "{path}");
    }
    app.finish().await;
}

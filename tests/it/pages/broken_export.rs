//! Exports that fail on the way: told apart from those that end, by programs of today and of yesterday.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use unstale::{commands, domain::audit::Target};

use crate::support::{Browser, TestApp, acting};

/// More than is read at once.
const EVENTS: usize = 1_200;
const LAST_LINE: &str = "The export broke off here: it is not whole.";

/// A history of which one event cannot be read.
async fn damaged(sequence: usize) -> (TestApp, Browser) {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for number in 0..EVENTS {
        let what = Target::act(&format!("act {number}"));
        commands::refuse(&app.world.command_context, &acting(), &what, None, "so that there is much")
            .await
            .unwrap();
    }
    damage(&app, sequence, "\"shown\":[]", "\"shown\":\"not a list\"").await;
    (app, ada)
}

async fn damage(app: &TestApp, sequence: usize, from: &str, to: &str) {
    let mut raw = app.world.database.raw().await;
    let _ = raw.run("DROP TRIGGER audit_event_is_not_updated").await;
    raw.forge(i64::try_from(sequence).unwrap(), from, to).await;
}

/// An answer as it comes over the wire.
async fn wire(app: &TestApp, ada: &Browser, version: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).await.unwrap();
    let cookie = ada.cookie("unstale").unwrap();
    let request = format!(
        "GET {path} HTTP/{version}\r\nHost: x\r\nConnection: close\r\nCookie: unstale={cookie}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The end may be a reset.
    let mut part = vec![0; 64 * 1_024];
    while let Ok(size @ 1..) = stream.read(&mut part).await {
        answer.extend_from_slice(&part[..size]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn one_that_breaks_off_does_not_look_whole() {
    let (app, ada) = damaged(EVENTS - 20).await;
    for ending in ["csv", "jsonl", "ocsf.jsonl"] {
        let path = format!("/history.{ending}");
        let broken = wire(&app, &ada, "1.1", &path).await;
        assert!(broken.starts_with("HTTP/1.1 200"), "it had begun");
        assert!(broken.len() > 100_000 && broken.contains(LAST_LINE), "{ending}: {}", broken.len());
        assert!(!broken.ends_with("0\r\n\r\n"), "{ending}: it ends as if it were whole");
        // HTTP/1.0 has no other end than the connection's: the last line is all there is.
        let broken = wire(&app, &ada, "1.0", &path).await;
        assert!(broken.trim_end().trim_end_matches("\"}").ends_with(LAST_LINE), "{ending}");
        // A client of today takes it for an error.
        let cookie = format!("unstale={}", ada.cookie("unstale").unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for encoding in ["identity", "gzip"] {
            let request = client.get(format!("{}{path}", app.address)).header("cookie", &cookie);
            let answer = request.header("accept-encoding", encoding).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().await.is_err(), "{ending}, {encoding}: it is taken for whole");
        }
    }
    damage(&app, EVENTS - 20, "\"shown\":\"not a list\"", "\"shown\":[]").await;
    for ending in ["csv", "jsonl", "ocsf.jsonl"] {
        let whole = wire(&app, &ada, "1.1", &format!("/history.{ending}")).await;
        assert!(whole.ends_with("\r\n0\r\n\r\n") && !whole.contains(LAST_LINE), "{ending}");
    }
    app.finish().await;
}

#[tokio::test]
async fn one_that_fails_at_its_beginning_is_an_error() {
    let (app, ada) = damaged(3).await;
    for ending in ["csv", "jsonl", "ocsf.jsonl"] {
        let answer = ada.get(&format!("/history.{ending}")).await;
        answer.assert_status(500).assert_says("This did not work");
    }
    damage(&app, 3, "\"shown\":\"not a list\"", "\"shown\":[]").await;
    app.world.database.db.close().await;
    ada.get("/history.csv").await.assert_status(503);
    // This world's database is closed: it cannot be looked through.
    std::mem::forget(app);
}

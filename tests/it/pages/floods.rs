//! Clients that ask too often, and clients that are too slow.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use unstale::http::{HttpOptions, Rate};

use super::process::Service;
use crate::support::{TestApp, World, options};

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_to_wait() {
    let app = TestApp::over(World::new().await, HttpOptions { rate: Rate::new(5), ..options() }).await;
    let stranger = app.stranger();
    let head = app.world.head().await;
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(stranger.get("/sign-in").await);
    }
    let turned_away: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!turned_away.is_empty());
    assert!(answers[..20].iter().all(|answer| answer.status == 200), "a burst goes through");
    for answer in turned_away {
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=2).contains(&seconds), "{seconds}");
    }
    assert_eq!(app.world.events_after(head).await, ["act.refused"], "once a minute");
    assert_eq!(stranger.get("/healthz").await.status, 200, "whether the process lives may always be asked");
    app.finish().await;
}

/// So many connections that send next to nothing.
const SLOW: usize = 1_000;

#[test]
fn a_thousand_slow_clients_slow_nobody_and_are_let_go() {
    rlimit::increase_nofile_limit(8_192).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path());
    let began = Instant::now();
    let mut slow: Vec<TcpStream> = (0..SLOW)
        .map(|_| {
            let mut stream = TcpStream::connect(&service.address).unwrap();
            stream.write_all(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    let mut times: Vec<Duration> = (0..50)
        .map(|_| {
            let asked = Instant::now();
            assert!(service.get("/sign-in", "").starts_with("HTTP/1.1 200"));
            asked.elapsed()
        })
        .collect();
    times.sort();
    assert!(times[45] < Duration::from_secs(1), "{times:?}");
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "the slow ones were still there: {:?}",
        began.elapsed()
    );
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        // The end, or a reset: in either case it was let go.
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() || ended.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset);
    }
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

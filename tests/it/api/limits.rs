//! What is bounded says so: how often one may ask, how many may wait or listen, how long an answer may take.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use unstale::{
    commands,
    domain::{access::Role, id::DistributionId},
    http::{HttpOptions, Rate},
};

use super::{
    program::{Program, json, problem},
    routes::routes,
};
use crate::support::{Answer, SHOP, TestApp, WORKSHOP, World, options, shell};

const PATH: &str = "/api/v1/invalidations";

async fn with_rate(a_second: u32) -> TestApp {
    TestApp::over(World::new().await, HttpOptions { rate: Rate::new(a_second), ..options() }).await
}

/// `r` and `t` of the header `RateLimit`.
fn left(answer: &Answer) -> (u32, u32) {
    let header = answer.header("ratelimit").unwrap_or_else(|| panic!("no RateLimit: {answer:?}"));
    let (requests, seconds) = header.strip_prefix("\"requests\";r=").unwrap().split_once(";t=").unwrap();
    (requests.parse().unwrap(), seconds.parse().unwrap())
}

#[tokio::test]
async fn every_answer_says_how_often_one_may_ask() {
    let app = with_rate(1_000).await;
    let program = Program::operator(&app).await;
    let stranger = app.stranger();
    let mut told = 0;
    for route in routes().iter().filter(|route| route.path != "/api/v1/events") {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
            let known = program.send(method.clone(), &route.address(), &[], Some(&body)).await;
            let unknown = stranger.send(method, &route.address(), &[], Vec::new()).await;
            for answer in [known, unknown] {
                assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=4000;w=4"), "{answer:?}");
                let (requests, seconds) = left(&answer);
                assert!(requests < 4_000 && seconds <= 4, "{answer:?}");
                told += 1;
            }
        }
    }
    assert!(told >= 50, "{told}");
    let stream = program.open("/api/v1/events", &[]).await;
    assert!(stream.headers().contains_key("ratelimit"));
    assert_eq!(stranger.get("/sign-in").await.header("ratelimit"), None, "people do not read headers");
    app.finish().await;
}

#[tokio::test]
async fn a_program_that_asks_too_often_is_told_so_as_a_problem() {
    let app = with_rate(2).await;
    let program = Program::operator(&app).await;
    let mut last = u32::MAX;
    let answer = loop {
        let answer = program.get("/api/v1/distributions").await;
        if answer.status == 429 {
            break answer;
        }
        assert!(left(&answer).0 < last.max(8), "it goes down: {answer:?}");
        last = left(&answer).0;
    };
    problem(&answer, 429, "too-often");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(left(&answer), (0, 4));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=8;w=4"));
    app.finish().await;
}

#[tokio::test]
async fn without_a_limit_none_is_told() {
    let app = with_rate(0).await;
    let program = Program::operator(&app).await;
    assert_eq!(program.get("/api/v1/distributions").await.header("ratelimit"), None);
    app.finish().await;
}

/// What a program is answered that never sends the rest of its body.
async fn half_a_plan(app: &TestApp, program: &Program) -> String {
    let mut stream = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /api/v1/plan HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 99\r\n\r\n{{",
        program.secret
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let all = async {
        while !String::from_utf8_lossy(&answer).contains("request_id") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "it hung up");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("it is waited for without end");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_takes_too_long_and_what_is_no_address_are_problems() {
    let hurried = HttpOptions { timeout: Duration::from_millis(100), ..options() };
    let app = TestApp::over(World::new().await, hurried).await;
    let program = Program::operator(&app).await;
    let answer = half_a_plan(&app, &program).await;
    for part in
        ["HTTP/1.1 503", "retry-after: 5", "content-type: application/problem+json", "#problem-took-too-long"]
    {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
    app.finish().await;

    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    for path in ["/api/", "/api/v1", "/api/v1/", "/api/v2/plan", "/api/v1/invalidations/x/y"] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            problem(&program.send(method, path, &[], None).await, 404, "not-found");
        }
    }
    let answer = program.send(Method::DELETE, PATH, &[], None).await;
    problem(&answer, 405, "wrong-method");
    assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
    let known = json(&program.get("/api/openapi.json").await)["x-problems"].clone();
    for word in ["too-often", "took-too-long", "too-busy", "not-found", "internal", "unavailable"] {
        assert!(
            known.as_array().unwrap().iter().any(|one| one["word"] == word),
            "{word} is not in the document"
        );
    }
    app.finish().await;
}

/// So many connections one address may have.
const CONNECTIONS_OF_ONE: usize = 1_024;

#[tokio::test]
async fn who_finds_no_seat_is_told_when_to_come_back() {
    rlimit::increase_nofile_limit(8_192).unwrap();
    let app = TestApp::new().await;
    let address = app.address.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_OF_ONE {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    let stranger = app.stranger();
    let answer = stranger.send(Method::GET, "/api/v1/distributions", &[], Vec::new()).await;
    problem(&answer, 503, "too-busy");
    assert_eq!(answer.header("retry-after"), Some("5"));
    let page = stranger.send(Method::GET, "/sign-in", &[], Vec::new()).await;
    page.assert_status(503).assert_says("Too many connections are open");
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    drop(held);
    let free = async {
        while stranger.get("/sign-in").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free).await.expect("the permits do not come back");
    app.finish().await;
}

#[tokio::test]
async fn one_token_has_a_part_of_the_streams_and_of_the_waits() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let other = Program::new(&app, "other", Role::Operator, &[]).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let stream = program.open("/api/v1/events", &[]).await;
        assert_eq!(stream.status().as_u16(), 200);
        open.push(stream);
    }
    let answer = program.get("/api/v1/events").await;
    problem(&answer, 429, "too-many-of-yours");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(other.open("/api/v1/events", &[]).await.status().as_u16(), 200);

    let id = app.world.request("/a").await;
    let address = format!("{PATH}/{id}?wait=60");
    // Where the one beside them was faster, they come back.
    let waits = (0..20).map(async |_| {
        loop {
            let answer = program.get(&address).await;
            if answer.status != 429 {
                break answer;
            }
        }
    });
    let waiting = futures_util::future::join_all(waits);
    let beside = async {
        let refused = loop {
            let answer = program.get(&format!("{PATH}/{id}?wait=1")).await;
            if answer.status != 200 {
                break answer;
            }
        };
        problem(&refused, 429, "too-many-of-yours");
        other.get(&format!("{PATH}/{id}?wait=1")).await.assert_status(200);
        program.get(&format!("{PATH}/{id}")).await.assert_status(200);
        app.world.live(40).await;
    };
    let both = async { tokio::join!(waiting, beside).0 };
    let answers = tokio::time::timeout(Duration::from_mins(1), both).await.expect("somebody waits still");
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    program.get(&address).await.assert_status(200);
    drop(open);
    app.finish().await;
}

#[tokio::test]
async fn a_wait_looks_again_who_asks_before_it_answers() {
    let app = TestApp::new().await;
    let revoked = Program::operator(&app).await;
    let narrowed = Program::new(&app, "narrowed", Role::Operator, &[WORKSHOP, SHOP]).await;
    let id = app.world.request("/a").await;
    let address = format!("{PATH}/{id}?wait=60");
    let beside = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        commands::revoke_token(&app.world.command_context, &shell(), &revoked.id).await.unwrap();
        let here = DistributionId::from_trusted(WORKSHOP);
        let sql = format!("DELETE FROM access_grant WHERE distribution_id = '{here}'");
        app.world.database.raw().await.run(&sql).await.unwrap();
        app.world.live(40).await;
    };
    let all = async { tokio::join!(revoked.get(&address), narrowed.get(&address), beside) };
    let (first, second, ()) =
        tokio::time::timeout(Duration::from_secs(30), all).await.expect("nobody was woken");
    problem(&first, 401, "no-token");
    problem(&second, 404, "not-found");
    first.assert_silent_about(WORKSHOP);
    app.finish().await;
}

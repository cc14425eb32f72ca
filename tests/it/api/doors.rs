//! Who gets in: nobody without a good token or a session, and each sees and does what is theirs.

use reqwest::Method;
use serde_json::json;
use tokio_stream::StreamExt;
use unstale::{commands, domain::access::Role};

use super::{
    program::{Program, json, problem},
    routes::routes,
};
use crate::support::{Answer, SHOP, TestApp, WORKSHOP, shell};

const PATH: &str = "/api/v1/invalidations";

#[tokio::test]
async fn nothing_answers_without_a_good_token() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    commands::revoke_token(&app.world.command_context, &shell(), &program.id).await.unwrap();
    let (before, head) = (app.kept().await, app.world.head().await);
    let made_up = format!("unstale_{}", "a".repeat(46));
    let session = app.stranger();
    session.set_cookie("unstale", &"0".repeat(64));
    for route in routes() {
        for method in &route.methods {
            let path = route.address();
            let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
            for authorization in [
                None,
                Some("Bearer "),
                Some(made_up.as_str()),
                Some(program.secret.as_str()),
                Some("Basic eDp5"),
            ] {
                let bearer = authorization.map(|secret| format!("Bearer {secret}"));
                let mut headers =
                    vec![("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
                headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
                let answer =
                    session.send(method.clone(), &path, &headers, body.to_string().into_bytes()).await;
                problem(&answer, 401, "no-token");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"Unstale\""));
                answer.assert_silent_about(WORKSHOP);
            }
        }
    }
    assert_eq!(app.kept().await, before);
    let told = app.world.events_after(head).await;
    assert_eq!(told.len(), 1, "nothing but one word of the token that was revoked: {told:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_viewer_looks_and_a_narrowed_token_keeps_to_its_place() {
    let app = TestApp::new().await;
    let viewer = Program::new(&app, "viewer", Role::Viewer, &[]).await;
    let here = Program::new(&app, "here", Role::Operator, &[WORKSHOP]).await;
    let elsewhere = Program::new(&app, "elsewhere", Role::Operator, &[SHOP]).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
    let refused = async |answer: &Answer, status: u16, word: &str, head: i64| {
        problem(answer, status, word);
        assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    };
    let head = app.world.head().await;
    refused(&viewer.post(PATH, &body).await, 403, "not-allowed", head).await;
    let head = app.world.head().await;
    refused(&elsewhere.post(PATH, &body).await, 404, "not-found", head).await;
    let head = app.world.head().await;
    let taken = here.post(PATH, &body).await;
    taken.assert_status(202);
    assert_eq!(app.world.events_after(head).await, ["invalidation.requested"]);
    let id = json(&taken)["id"].as_str().unwrap().to_owned();
    let one = format!("{PATH}/{id}");
    viewer.get(&one).await.assert_status(200);
    here.get(&one).await.assert_status(200);
    problem(&elsewhere.get(&one).await, 404, "not-found");
    problem(&elsewhere.post("/api/v1/plan", &body).await, 404, "not-found");
    let cancel = format!("{one}/cancel");
    for (program, status, word) in [(&viewer, 403, "not-allowed"), (&elsewhere, 404, "not-found")] {
        let head = app.world.head().await;
        refused(&program.send(Method::POST, &cancel, &[], None).await, status, word, head).await;
    }
    let list = async |program: &Program, path: &str| {
        json(&program.get(path).await)["items"].as_array().unwrap().len()
    };
    assert_eq!((list(&here, PATH).await, list(&elsewhere, PATH).await), (1, 0));
    let sites = "/api/v1/distributions";
    assert_eq!((list(&viewer, sites).await > 1, list(&elsewhere, sites).await), (true, 1));
    elsewhere.get("/api/v1/audit").await.assert_status(200).assert_silent_about(WORKSHOP);
    app.finish().await;
}

#[tokio::test]
async fn a_session_uses_the_api_from_our_own_pages_only() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    ada.get("/api/v1/distributions").await.assert_status(200);
    ada.get("/api/openapi.json").await.assert_status(200);
    let page = ada.get("/api").await;
    page.assert_status(200).assert_says("too-many-of-yours");
    let first = page.texts(".operation h2");
    assert_eq!(
        first[..3],
        ["Request an invalidation", "Show an invalidation", "Work out what a request would do"]
    );
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]}).to_string().into_bytes();
    let kind = ("content-type", "application/json");
    let own = ada.send(Method::POST, PATH, &[kind, ("sec-fetch-site", "same-origin")], body.clone()).await;
    own.assert_status(202);
    assert_eq!(json(&own)["requested_by"]["kind"], "person");
    for headers in [vec![kind], vec![kind, ("sec-fetch-site", "cross-site")]] {
        let answer = ada.send(Method::POST, PATH, &headers, body.clone()).await;
        answer.assert_status(403);
        assert_eq!(json(&answer)["title"], "This was sent by another site");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
    let head = app.world.head().await;
    program.post(PATH, &body).await.assert_status(202);
    let response = program.open("/api/v1/events", &[("last-event-id", &head.to_string())]).await;
    assert_eq!(response.status().as_u16(), 200);
    let mut stream = response.bytes_stream();
    let first = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains(&format!("id: {}", head + 1)), "{first}");
    assert!(first.contains("event: audit") && first.contains("\"invalidation.requested\""), "{first}");
    commands::revoke_token(&app.world.command_context, &shell(), &program.id).await.unwrap();
    let ended = async { while let Some(Ok(_)) = stream.next().await {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), ended).await.expect("the stream goes on");
    app.finish().await;
}

//! Signed heads are told to a webhook, each in its turn, until it is taken.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::net::TcpListener;
use unstale::{
    domain::audit::head::{Head, SignedHead},
    store::audit,
    workers::{AuditSettings, AuditWebhook, AuditWorker, Next, Webhook},
};

use super::given::key;
use crate::support::{TestApp, World, at, seconds};

/// Takes what is told, or answers with this status.
#[derive(Debug, Clone, Default)]
struct Ear(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    status: Option<StatusCode>,
    lines: Vec<String>,
    headers: Vec<HeaderMap>,
}

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: String) -> StatusCode {
    let mut heard = ear.0.lock().unwrap();
    heard.headers.push(headers);
    let status = heard.status.unwrap_or(StatusCode::ACCEPTED);
    if status.is_success() {
        heard.lines.push(body);
    }
    status
}

impl Ear {
    async fn listening() -> (Self, String) {
        let (ear, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = format!("http://{}/heads?key=hush-hush", listener.local_addr().unwrap());
        let routes = Router::new().route("/heads", post(hear)).with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (ear, address)
    }

    fn answer_with(&self, status: u16) {
        self.0.lock().unwrap().status = Some(StatusCode::from_u16(status).unwrap());
    }

    fn told(&self) -> Vec<SignedHead> {
        self.0.lock().unwrap().lines.iter().map(|line| SignedHead::parse(line).unwrap()).collect()
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().headers.len()
    }

    fn authorization(&self) -> Option<String> {
        let heard = self.0.lock().unwrap();
        heard.headers.last().unwrap().get("authorization").map(|value| value.to_str().unwrap().to_owned())
    }
}

fn audit_webhook(world: &World, address: &str, token: Option<&str>) -> AuditWebhook {
    let webhook = Webhook::new(address, token).unwrap();
    AuditWebhook::new(world.database.db.clone(), world.clock.clone(), webhook, vec![key().public()])
}

async fn rest(audit_webhook: &AuditWebhook) -> Next {
    for _ in 0..100 {
        let next = audit_webhook.tick().await.unwrap();
        if next != Next::Again {
            return next;
        }
    }
    panic!("the audit webhook never comes to rest");
}

async fn sign(world: &World, sequence: i64) -> SignedHead {
    let signed = key().sign(Head { sequence, hash: "ab".repeat(32) }, at(1));
    world.database.write(async |tx| audit::insert_signed_head(tx, &signed).await).await;
    signed
}

#[tokio::test]
async fn heads_are_told_in_their_order_and_once() {
    let world = World::new().await;
    let (ear, address) = Ear::listening().await;
    let audit_webhook = audit_webhook(&world, &address, Some("s3cret"));
    assert_eq!(rest(&audit_webhook).await, Next::Idle);
    let first = [sign(&world, 3).await, sign(&world, 9).await];
    assert_eq!(rest(&audit_webhook).await, Next::Idle);
    assert_eq!(ear.told(), first);
    assert_eq!(ear.authorization().as_deref(), Some("Bearer s3cret"));
    assert!(ear.0.lock().unwrap().lines.iter().all(|line| line.ends_with("}\n")), "a line as in the file");
    let third = sign(&world, 12).await;
    // After a restart it goes on where it was.
    let audit_webhook = self::audit_webhook(&world, &address, Some("Splunk s3cret"));
    rest(&audit_webhook).await;
    assert_eq!((ear.told().len(), ear.told().pop()), (3, Some(third)));
    assert_eq!(ear.authorization().as_deref(), Some("Splunk s3cret"));
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_taken_is_told_again_and_nothing_overtakes_it() {
    let app = TestApp::new().await;
    let world = &app.world;
    let (ear, address) = Ear::listening().await;
    let audit_webhook = audit_webhook(world, &address, None);
    let told = [sign(world, 3).await, sign(world, 9).await];
    let ada = app.operator().await;
    for status in [500, 302, 404] {
        ear.answer_with(status);
        let before = ear.calls();
        let Next::At(due) = rest(&audit_webhook).await else { panic!("it is not tried again") };
        assert_eq!((due, ear.calls()), (world.now().plus(seconds(60)), before + 1));
        let page = ada.get("/history").await;
        page.assert_says(&format!("after event 0 could not be sent to the webhook: the answer was {status}"));
        page.assert_silent_about("hush-hush");
        world.advance(seconds(60));
    }
    ear.answer_with(204);
    assert_eq!(rest(&audit_webhook).await, Next::Idle);
    assert_eq!(ear.told(), told);
    ada.get("/history").await.assert_says("sent to the webhook up to event 9");
    app.finish().await;
}

#[tokio::test]
async fn one_that_nobody_answers_is_told_later_and_the_address_stays_secret() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/?key=hush-hush", listener.local_addr().unwrap());
    drop(listener);
    let audit_webhook = audit_webhook(&world, &address, Some("s3cret"));
    assert!(
        !format!("{audit_webhook:?}").contains("hush-hush")
            && !format!("{audit_webhook:?}").contains("s3cret")
    );
    sign(&world, 3).await;
    assert!(matches!(rest(&audit_webhook).await, Next::At(_)));
    let state = world.database.get(async |conn| audit::check_state(conn).await).await;
    assert!(state.post_problem.starts_with("no connection came about"), "{}", state.post_problem);
    assert!(!state.post_problem.contains("hush-hush"), "{}", state.post_problem);
    // Nobody is told any more: the page forgets it.
    let audit_settings = AuditSettings::with(key());
    AuditWorker::new(world.database.db.clone(), world.clock.clone(), audit_settings).tick().await.unwrap();
    let state = world.database.get(async |conn| audit::check_state(conn).await).await;
    assert_eq!((state.post_problem.as_str(), state.head_posted), ("", 0));
    world.finish().await;
}

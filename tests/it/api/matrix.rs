//! Who gets which answer where: every route of the API, for everybody, on a distribution that they were granted and on
//! another, and how many events each try leaves.
#![expect(clippy::match_same_arms, reason = "each family of routes is said by itself")]

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use unstale::{
    commands::{self, NewToken},
    domain::{
        access::Role,
        id::{DistributionId, InvalidationId},
        invalidations::freeze_window::TypedFreeze,
        notifications::TypedChannel,
    },
};

use super::{program::Program, routes::routes};
use crate::support::{Browser, SHOP, TestApp, WORKSHOP, World, acting, options, shell, uuid};

/// The answers to: nobody, a viewer, an operator, an operator with a grant, an admin, the token of a viewer, of an
/// operator, a narrowed one, a revoked one, one that is over, a probe's.
type Answers = [u16; 11];

const WHO: [&str; 11] = [
    "nobody",
    "a viewer",
    "an operator",
    "an operator with a grant",
    "an admin",
    "a viewer's token",
    "an operator's token",
    "a narrowed token",
    "a revoked token",
    "a token that is over",
    "a probe",
];

/// As it should be, or with something wrong in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Try {
    Good,
    Bad,
}

/// Everybody with a way in gets one answer; whoever was granted the workshop alone may get another.
const fn looks(answer: u16, granted: u16) -> Answers {
    [401, answer, answer, granted, answer, answer, answer, granted, 401, 401, 401]
}

const fn acts(answer: u16, granted: u16) -> Answers {
    [401, 403, answer, granted, answer, 403, answer, granted, 401, 401, 401]
}

/// Only an administrator may, and no token is one.
const fn administers(answer: u16, granted: u16) -> Answers {
    [401, 403, 403, granted, answer, 403, 403, granted, 401, 401, 401]
}

/// Only a probe gets in.
const fn probes(answer: u16) -> Answers {
    [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, answer]
}

/// What is expected of a route at the workshop (`here`), or at another place. One that is not here fails the test: add
/// it with what it should answer.
fn expected(method: &Method, path: &str, how: Try, here: bool) -> Option<Answers> {
    let granted = |answer: u16| if here { answer } else { 404 };
    Some(match (method.as_str(), path, how) {
        (
            "GET",
            "/api/openapi.json"
            | "/api/v1/invalidations"
            | "/api/v1/distributions"
            | "/api/v1/audit"
            | "/api/v1/budget"
            | "/api/v1/budgets"
            | "/api/v1/freezes"
            | "/api/v1/events",
            Try::Good,
        ) => looks(200, 200),
        (
            "GET",
            "/api/v1/invalidations"
            | "/api/v1/distributions"
            | "/api/v1/audit"
            | "/api/v1/budget"
            | "/api/v1/budgets"
            | "/api/v1/freezes"
            | "/api/v1/events",
            Try::Bad,
        ) => looks(422, 422),
        // It asks for nothing that could be wrong.
        ("GET", "/api/openapi.json", Try::Bad) => looks(200, 200),
        ("GET", "/api/v1/invalidations/{id}", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/invalidations/{id}", Try::Bad) => looks(422, 422),
        ("POST", "/api/v1/plan", Try::Good) => looks(200, granted(200)),
        // What is wrong with a line is told in the plan.
        ("POST", "/api/v1/plan", Try::Bad) => looks(200, granted(200)),
        ("POST", "/api/v1/invalidations", Try::Good) => acts(202, granted(202)),
        ("POST", "/api/v1/invalidations", Try::Bad) => acts(422, granted(422)),
        ("POST", "/api/v1/invalidations/{id}/cancel", Try::Good) => acts(200, granted(200)),
        // Nothing of it is queued.
        ("POST", "/api/v1/invalidations/{id}/cancel", Try::Bad) => acts(409, granted(409)),
        ("POST", "/api/v1/invalidations/{id}/override-freeze", Try::Good) => acts(200, granted(200)),
        ("POST", "/api/v1/invalidations/{id}/override-freeze", Try::Bad) => acts(422, granted(422)),
        ("POST", "/api/v1/freezes", Try::Good) => administers(201, 403),
        ("POST", "/api/v1/freezes", Try::Bad) => administers(422, 403),
        ("DELETE", "/api/v1/freezes/{id}", Try::Good) => administers(204, 403),
        ("DELETE", "/api/v1/freezes/{id}", Try::Bad) => administers(422, 403),
        ("GET", "/api/v1/channels" | "/api/v1/channels/{id}", Try::Good) => administers(200, 403),
        ("GET", "/api/v1/channels" | "/api/v1/channels/{id}", Try::Bad) => administers(422, 403),
        ("POST", "/api/v1/channels", Try::Good) => administers(201, 403),
        ("POST", "/api/v1/channels/{id}/test", Try::Good) => administers(202, 403),
        ("PUT", "/api/v1/channels/{id}", Try::Good) => administers(200, 403),
        ("DELETE", "/api/v1/channels/{id}", Try::Good) => administers(204, 403),
        ("POST" | "PUT" | "DELETE", path, Try::Bad) if path.starts_with("/api/v1/channels") => {
            administers(422, 403)
        }
        ("PUT", "/api/v1/budgets", Try::Good) => administers(200, 403),
        ("PUT", "/api/v1/budgets", Try::Bad) => administers(422, 403),
        ("GET", "/api/v1/distributions/{id}", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/distributions/{id}", Try::Bad) => looks(422, 422),
        ("GET", "/api/v1/distributions/{id}/paths", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/distributions/{id}/paths", Try::Bad) => looks(422, 422),
        ("PUT", "/api/v1/distributions/{id}/paths", Try::Good) => administers(200, granted(403)),
        ("PUT", "/api/v1/distributions/{id}/paths", Try::Bad) => administers(422, granted(403)),
        ("GET", "/api/v1/distributions/{id}/checks", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/distributions/{id}/checks", Try::Bad) => looks(422, 422),
        ("PUT", "/api/v1/distributions/{id}/checks", Try::Good) => administers(200, granted(403)),
        ("PUT", "/api/v1/distributions/{id}/checks", Try::Bad) => administers(422, granted(403)),
        ("GET", "/api/v1/distributions/{id}/check-up", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/distributions/{id}/check-up", Try::Bad) => looks(422, 422),
        ("POST", "/api/v1/distributions/{id}/check-up", Try::Good) => acts(202, granted(202)),
        ("POST", "/api/v1/distributions/{id}/check-up", Try::Bad) => acts(422, granted(422)),
        ("GET", "/api/v1/distributions/{id}/changes", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/distributions/{id}/changes", Try::Bad) => looks(422, 422),
        ("POST", "/api/v1/distributions/{id}/changes", Try::Good) => acts(202, granted(202)),
        ("POST", "/api/v1/distributions/{id}/changes", Try::Bad) => acts(422, granted(422)),
        ("POST", "/api/v1/checks", Try::Good) => acts(202, granted(202)),
        ("POST", "/api/v1/checks", Try::Bad) => acts(422, granted(422)),
        ("GET", "/api/v1/checks/{id}", Try::Good) => looks(200, granted(200)),
        ("GET", "/api/v1/checks/{id}", Try::Bad) => looks(422, 422),
        ("GET", "/api/v1/probe/work", Try::Good) => probes(200),
        // It was given no such check.
        ("POST", "/api/v1/probe/results", Try::Good) => probes(404),
        ("GET" | "POST", "/api/v1/probe/work" | "/api/v1/probe/results", Try::Bad) => probes(422),
        ("GET" | "POST", "/api/" | "/api/{*rest}", _) => looks(404, 404),
        _ => return None,
    })
}

/// How many events a try leaves: an act one, however it ended; a token that lets nobody in one; looking none.
fn events(method: &Method, path: &str, who: usize) -> usize {
    let act = *method == Method::PUT
        || *method == Method::DELETE
        || *method == Method::POST
            && (path.starts_with("/api/v1/invalidations")
                || path == "/api/v1/checks"
                || path == "/api/v1/freezes"
                || path.starts_with("/api/v1/channels")
                || path.ends_with("/check-up")
                || path.ends_with("/changes"));
    match who {
        // An API token is not even looked up there, and the other way round.
        0 | 10 => 0,
        8 | 9 if path.starts_with("/api/v1/probe/") => 0,
        8 | 9 => 1,
        _ => usize::from(act),
    }
}

/// Somebody who asks: with cookies or with a token.
enum Asker {
    Person(Browser),
    Token(Program),
}

impl Asker {
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> u16 {
        let response = match self {
            Self::Person(browser) => {
                let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
                let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
                browser.open(method, path, &headers, body).await
            }
            // A stream never ends: its body is not waited for.
            Self::Token(program) if method == Method::GET => program.open(path, &[]).await,
            Self::Token(program) => return program.send(method, path, &[], body).await.status,
        };
        response.status().as_u16()
    }
}

async fn everybody(app: &TestApp) -> Vec<Asker> {
    let command_context = &app.world.command_context;
    let token = async |name: &str, role: Role, sites: &[&str]| Program::new(app, name, role, sites).await;
    let revoked = token("revoked", Role::Operator, &[]).await;
    commands::revoke_token(command_context, &shell(), &revoked.id).await.unwrap();
    let day = Duration::from_hours(24);
    let new = NewToken {
        name: "over".to_owned(),
        role: Role::Operator,
        life: Some(day),
        distributions: Vec::new(),
    };
    let (over, secret) = commands::make_token(command_context, &shell(), &new).await.unwrap();
    app.world.advance(day);
    let (probe, probe_secret) = commands::make_probe(command_context, &shell(), "oslo", None).await.unwrap();
    vec![
        Asker::Person(app.stranger()),
        Asker::Person(app.viewer().await),
        Asker::Person(app.operator().await),
        Asker::Person(app.narrowed("grace@example.com", Role::Operator, &[WORKSHOP], "/").await),
        Asker::Person(app.admin().await),
        Asker::Token(token("viewer", Role::Viewer, &[]).await),
        Asker::Token(token("operator", Role::Operator, &[]).await),
        Asker::Token(token("narrowed", Role::Operator, &[WORKSHOP]).await),
        Asker::Token(revoked),
        Asker::Token(Program::with(app, over.id, secret.reveal())),
        Asker::Token(Program::with(app, probe.id, probe_secret.reveal())),
    ]
}

/// The address and the body of a try, and what has to be there for it.
async fn set(app: &TestApp, path: &str, how: Try, place: &str) -> (String, Option<Value>) {
    let mut address = path.replace("{*rest}", "x");
    if path.ends_with("/check-up") {
        // As for checks.
        let looked = "UPDATE check_up SET state = 'looked'";
        app.world.database.raw().await.run(looked).await.unwrap();
        let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
        return (format!("{}{query}", path.replace("{id}", place)), None);
    }
    if path.ends_with("/paths") {
        let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
        let from = if how == Try::Good { "dist/" } else { "s3://" };
        let body = json!({"mappings": [{"from": from, "to": "/"}]});
        return (format!("{}{query}", path.replace("{id}", place)), Some(body));
    }
    if path.ends_with("/budgets") {
        let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
        let body = json!({"scope": "distribution", "id": place, "soft_items": 1});
        return (format!("{path}{query}"), Some(body));
    }
    if path.starts_with("/api/v1/channels") {
        return set_channel(app, path, how).await;
    }
    if path.starts_with("/api/v1/freezes") {
        return set_freeze(app, path, how, place).await;
    }
    if path.ends_with("/changes") {
        app.world.may_list(place).await;
        let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
        return (format!("{}{query}", path.replace("{id}", place)), None);
    }
    if path == "/api/v1/distributions/{id}" {
        let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
        return (format!("{}{query}", path.replace("{id}", place)), None);
    }
    if path.contains("/checks") {
        return (set_check(app, path, how, place).await, Some(check_body(path, how, place)));
    }
    if path.ends_with("/override-freeze") {
        let id = frozen(app, place).await;
        let reason = if how == Try::Good { "the price is wrong" } else { "" };
        return (path.replace("{id}", id.as_str()), Some(json!({"reason": reason})));
    }
    if path.contains("{id}") {
        let id = app.world.request_at(place, &format!("/{}", uuid())).await;
        address = address.replace("{id}", id.as_str());
        if how == Try::Bad && path.ends_with("/cancel") {
            app.world.is_edited();
            let ended = app.world.now().as_micros();
            let batch = format!("UPDATE batch SET state = 'cancelled' WHERE invalidation_id = '{id}'");
            let whole =
                format!("UPDATE invalidation SET state = 'cancelled', ended_at = {ended} WHERE id = '{id}'");
            app.world.database.raw().await.run(&format!("{batch}; {whole}")).await.unwrap();
            return (address, None);
        }
    }
    if how == Try::Bad {
        address.push_str("?no-such-parameter=1");
    }
    if path == "/api/v1/probe/results" {
        let look =
            json!({"number": 1, "url": "https://a/", "ago_ms": 0, "took_ms": 0, "failure": "tls_failed"});
        let body = json!({"run": uuid(), "round": 0, "held_ms": 0, "looks": [look]});
        return (path.to_owned(), Some(if how == Try::Good { body } else { json!({"run": uuid()}) }));
    }
    let item = if how == Try::Good { format!("/{}", uuid()) } else { "/b*c".to_owned() };
    (address, Some(json!({"distribution": place, "items": [item]})))
}

/// The only notification channel.
async fn set_channel(app: &TestApp, path: &str, how: Try) -> (String, Option<Value>) {
    let clear =
        "DELETE FROM notification_notice; DELETE FROM notification_message; DELETE FROM notification_channel";
    app.world.database.raw().await.run(clear).await.unwrap();
    let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
    let body = json!({"name": "Ops", "kind": "slack", "address": "https://hooks.example.com/a",
        "rules": [{"topics": ["failed"], "scope": "everything"}]});
    if !path.contains("{id}") {
        return (format!("{path}{query}"), Some(body));
    }
    let typed = TypedChannel {
        name: "Team".to_owned(),
        kind: "slack".to_owned(),
        address: "https://hooks.example.com/a".to_owned(),
        signing: String::new(),
    };
    let (made, _) = commands::add_channel(&app.world.command_context, &shell(), &typed, &[]).await.unwrap();
    let body = (!path.ends_with("/test")).then(|| json!({"name": "Ops"}));
    (format!("{}{query}", path.replace("{id}", made.id.as_str())), body)
}

/// A freeze window that is long over by the time of the next try, so that it holds none.
async fn set_freeze(app: &TestApp, path: &str, how: Try, place: &str) -> (String, Option<Value>) {
    let until = app.world.now().plus(Duration::from_secs(1)).to_string();
    let body = json!({"name": "Sale", "why": "the sale", "from": "2026-11-01T00:00:00Z", "until": until,
        "distributions": [place]});
    let clear = "DELETE FROM freeze_window";
    app.world.database.raw().await.run(clear).await.unwrap();
    let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
    if !path.contains("{id}") {
        return (format!("{path}{query}"), Some(body));
    }
    let typed = TypedFreeze {
        name: "Sale".to_owned(),
        why: "the sale".to_owned(),
        from: "2026-11-01T00:00:00Z".to_owned(),
        until,
        distributions: vec![place.to_owned()],
    };
    let made = commands::add_freeze(&app.world.command_context, &shell(), &typed).await.unwrap();
    (format!("{}{query}", path.replace("{id}", made.id.as_str())), None)
}

/// A wide request that waits for a time in a freeze window.
async fn frozen(app: &TestApp, place: &str) -> InvalidationId {
    app.world.database.raw().await.run("DELETE FROM freeze_window").await.unwrap();
    let chosen = app.world.now().plus(Duration::from_hours(1));
    let mut new = app.world.new_invalidation(place, &format!("/{}/*\n/*", uuid())).await;
    new.not_before = Some(chosen);
    commands::request_invalidation(&app.world.command_context, &acting(), &new).await.unwrap();
    let typed = TypedFreeze {
        name: "Sale".to_owned(),
        why: "the sale".to_owned(),
        from: chosen.to_string(),
        until: chosen.plus(Duration::from_secs(1)).to_string(),
        distributions: vec![place.to_owned()],
    };
    commands::add_freeze(&app.world.command_context, &shell(), &typed).await.unwrap();
    new.id
}

/// The address of a try with checks.
async fn set_check(app: &TestApp, path: &str, how: Try, place: &str) -> String {
    // Nobody makes the looks of an earlier try, for which a new one would have to wait.
    let done = "UPDATE check_run SET state = 'done', due_at = NULL";
    app.world.database.raw().await.run(done).await.unwrap();
    let query = if how == Try::Bad { "?no-such-parameter=1" } else { "" };
    if !path.starts_with("/api/v1/checks/") {
        return format!("{}{query}", path.replace("{id}", place));
    }
    let id = DistributionId::from_trusted(place);
    let made = commands::check_distribution(&app.world.command_context, &acting(), &id, &[]).await;
    format!("{}{query}", path.replace("{id}", made.unwrap().as_str()))
}

/// The body of a try with checks.
fn check_body(path: &str, how: Try, place: &str) -> Value {
    let url = if how == Try::Good { "/a" } else { "https://elsewhere.example.org/" };
    let mut body = json!({"urls": [url]});
    if path == "/api/v1/checks" {
        body["distribution"] = json!(place);
    }
    body
}

async fn try_all(place: &str) {
    let app = keeping_secrets().await;
    let everybody = everybody(&app).await;
    let (mut tries, mut wrong) = (0, Vec::new());
    for route in routes() {
        for (method, how) in route.methods.iter().flat_map(|method| [(method, Try::Good), (method, Try::Bad)])
        {
            let Some(answers) = expected(method, &route.path, how, place == WORKSHOP) else {
                wrong.push(format!("the matrix does not know {method} {}: say who may", route.path));
                continue;
            };
            for (number, asker) in everybody.iter().enumerate() {
                let (address, body) = set(&app, &route.path, how, place).await;
                let body = body.filter(|_| *method != Method::GET);
                // Refused tokens are told once a minute.
                app.world.advance(Duration::from_secs(if number >= 8 { 61 } else { 0 }));
                let before = app.world.head().await;
                let status = asker.ask(method.clone(), &address, body.as_ref()).await;
                let what = format!("{how:?} {method} {} by {}", route.path, WHO[number]);
                if status != answers[number] {
                    wrong.push(format!("{what}: {status}, not {}", answers[number]));
                }
                let left = app.world.events_after(before).await;
                if left.len() != events(method, &route.path, number) {
                    wrong.push(format!("{what}: {status} left {left:?}"));
                }
                tries += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tries >= 240, "only {tries} were tried");
    app.finish().await;
}

#[tokio::test]
async fn everybody_gets_their_answer_here() {
    try_all(WORKSHOP).await;
}

/// With a key, so that channels can be added.
async fn keeping_secrets() -> TestApp {
    let mut world = World::new().await;
    world.keep_secrets(1);
    TestApp::over(world, options()).await
}

#[tokio::test]
async fn everybody_gets_their_answer_elsewhere() {
    try_all(SHOP).await;
}

//! What probes hand in is held against what they were given, whatever they send.

use std::{fs, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use unstale::{
    commands,
    domain::{
        access::Role,
        checks::{NewApi, NewCheckSettings, NewHeader},
        id::CheckRunId,
    },
    store::{checks, probes, sign_in::people},
};

use super::program::{Program, json as read, pointers, problem};
use crate::support::{TestApp, WORKSHOP, World, options, shell, uuid};

const WORK: &str = "/api/v1/probe/work";
const RESULTS: &str = "/api/v1/probe/results";

async fn probe(app: &TestApp, name: &str) -> Program {
    let made = commands::make_probe(&app.world.command_context, &shell(), name, None).await.unwrap();
    Program::with(app, made.0.id, made.1.reveal())
}

/// A check of the workshop, of which the server has made its looks.
async fn checked(app: &TestApp) {
    app.world.check().await;
    fs::write(app.world.sandbox.origin_of(WORKSHOP).unwrap().join("news.html"), "news").unwrap();
    app.world.view(WORKSHOP, "/news.html").await;
    app.world.advance(Duration::from_secs(90));
    let program = Program::new(app, &uuid(), Role::Operator, &[]).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/news.html"]});
    program.request(&uuid(), &body).await.assert_status(202);
    app.world.check().await;
    app.world.submit().await;
    app.world.advance(Duration::from_secs(25));
    app.world.poll().await;
    app.world.advance(Duration::from_secs(20));
    app.world.check().await;
}

async fn task(probe: &Program) -> Value {
    read(&probe.get(WORK).await)["task"].clone()
}

fn results(task: &Value) -> Value {
    let look = json!({
        "number": task["urls"][0]["number"],
        "url": task["urls"][0]["url"],
        "ago_ms": 20,
        "took_ms": 30,
        "answer": {"status": 404, "via_cloudfront": true, "x_cache": "Error", "pop": "OSL50-C1"},
    });
    json!({"run": task["run"], "round": task["round"], "held_ms": 100, "looks": [look]})
}

/// These results with another value at a place.
fn with(results: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = results.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    changed.pointer_mut(parent).unwrap()[name] = value;
    changed
}

async fn seen(app: &TestApp, task: &Value) -> usize {
    let run = CheckRunId::parse(task["run"].as_str().unwrap()).unwrap();
    app.world
        .database
        .get(async |conn| checks::vantage_checks(conn, &run).await)
        .await
        .values()
        .flatten()
        .count()
}

#[tokio::test]
async fn hostile_results_change_nothing_and_good_ones_count_once() {
    let app = TestApp::new().await;
    let (oslo, rome) = (probe(&app, "oslo").await, probe(&app, "rome").await);
    checked(&app).await;
    let task = task(&oslo).await;
    assert_eq!(
        (&task["distribution"], &task["round"], &task["headers"]),
        (&json!(WORKSHOP), &json!(0), &json!({}))
    );
    let good = results(&task);
    let url = good["looks"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://") && url.ends_with("/news.html"), "{url}");
    for (pointer, value, wanted) in [
        ("/looks/0/url", json!("https://www.example.org/"), "/looks/0/url"),
        ("/looks/0/number", json!(2), "/looks/0/url"),
        ("/looks/0/ago_ms", json!(101), "/looks/0/ago_ms"),
        ("/looks/0/took_ms", json!(u64::MAX), "/looks/0/ago_ms"),
        ("/held_ms", json!(3_600_000), "/held_ms"),
        ("/held_ms", json!(u64::MAX), "/held_ms"),
        ("/looks", json!([]), "/looks"),
        ("/looks", json!([good["looks"][0], good["looks"][0]]), "/looks/1/url"),
        ("/looks/0/failure", json!("tls_failed"), "/looks/0"),
        ("/looks/0/answer", json!(null), "/looks/0"),
        ("/looks/0/answer/status", json!(0), "/looks/0/answer"),
        ("/looks/0/answer/etag", json!("x".repeat(2_000)), "/looks/0/answer"),
        ("/looks/0/answer/pop", json!("<b>OSL</b>"), "/looks/0/answer"),
        ("/looks/0/answer/server", json!("a\u{0}b"), "/looks/0/answer"),
        // What has another kind is found before what it says is looked at.
        ("/held_ms", json!(-1), ""),
        ("/looks/0/ago_ms", json!(-1), ""),
        ("/looks/0/took_ms", json!(1e300), ""),
        ("/looks/0/failure", json!("a_word"), ""),
        ("/round", json!(-1), ""),
        ("/vantage", json!("server"), ""),
    ] {
        let refused = oslo.post(RESULTS, &with(&good, pointer, value.clone())).await;
        assert_eq!(pointers(&problem(&refused, 422, "invalid")), [wanted], "{pointer} {value}");
    }
    for (pointer, value, status, word) in [
        ("/run", json!(uuid()), 404, "not-found"),
        ("/run", json!("../x"), 404, "not-found"),
        ("/round", json!(1), 409, "too-late"),
    ] {
        let refused = oslo.post(RESULTS, &with(&good, pointer, value)).await;
        problem(&refused, status, word);
    }
    problem(&rome.post(RESULTS, &good).await, 404, "not-found");
    let large = with(&good, "/looks/0/answer/etag", json!("x".repeat(10 << 20)));
    problem(&oslo.post(RESULTS, &large).await, 413, "too-large");
    assert_eq!(seen(&app, &task).await, 0);

    oslo.post(RESULTS, &good).await.assert_status(204);
    assert_eq!(seen(&app, &task).await, 1);
    problem(&oslo.post(RESULTS, &good).await, 409, "too-late");
    assert_eq!(read(&oslo.get(WORK).await)["task"], json!(null), "it has answered");
    app.world.check().await;
    app.finish().await;
}

#[tokio::test]
async fn a_round_is_given_for_5_minutes_and_taken_for_5_more() {
    let app = TestApp::new().await;
    let (oslo, rome) = (probe(&app, "oslo").await, probe(&app, "rome").await);
    checked(&app).await;
    let first = task(&oslo).await;
    app.world.advance(Duration::from_mins(4));
    let again = task(&oslo).await;
    assert_eq!(first, again);
    app.world.advance(Duration::from_mins(2));
    assert_eq!(task(&rome).await, json!(null));
    app.world.advance(Duration::from_mins(4));
    problem(&oslo.post(RESULTS, &results(&first)).await, 409, "too-late");
    app.finish().await;
}

#[tokio::test]
async fn what_a_distribution_no_longer_serves_is_given_to_nobody() {
    let app = TestApp::new().await;
    let oslo = probe(&app, "oslo").await;
    checked(&app).await;
    let edit = async |change: &str| {
        let sql = format!("UPDATE distribution SET {change} WHERE id = '{WORKSHOP}'");
        app.world.database.raw().await.run(&sql).await.unwrap();
    };
    edit("gone_at = 1").await;
    assert_eq!(task(&oslo).await, json!(null));
    edit("gone_at = NULL, domain_name = 'd999.cloudfront.net', aliases = '[]'").await;
    assert_eq!(task(&oslo).await, json!(null));
    app.finish().await;
}

#[tokio::test]
async fn a_probe_gets_no_api_and_no_secret() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let app = TestApp::over(world, options()).await;
    let oslo = probe(&app, "oslo").await;
    let header = |name: &str, value: &str| NewHeader { name: name.to_owned(), value: value.to_owned() };
    let set = async |headers: Vec<NewHeader>| {
        let url = "https://abc123.execute-api.us-east-1.amazonaws.com/prod".to_owned();
        let api = NewApi { url, headers: vec![header("x-api-key", "gT5key")], ..NewApi::default() };
        let new = NewCheckSettings { headers, apis: vec![api], ..NewCheckSettings::default() };
        let id = unstale::domain::id::DistributionId::parse(WORKSHOP).unwrap();
        commands::set_check_settings(&app.world.command_context, &shell(), &id, new).await.unwrap();
    };
    set(vec![header("X-Preview", "1")]).await;
    checked(&app).await;
    let task = task(&oslo).await;
    assert_eq!(task["urls"].as_array().unwrap().len(), 1, "{task}");
    assert_eq!(task["headers"], json!({"X-Preview": "1"}));
    assert!(!task.to_string().contains("execute-api") && !task.to_string().contains("gT5key"), "{task}");
    // It cannot hand in a look at the API either.
    let run = CheckRunId::parse(task["run"].as_str().unwrap()).unwrap();
    let run = app.world.database.get(async |conn| checks::find(conn, &run).await).await.unwrap();
    let api = run.urls.last().unwrap();
    let results = results(&task);
    let forged = with(&with(&results, "/looks/0/number", json!(api.number)), "/looks/0/url", json!(api.url));
    oslo.post(RESULTS, &forged).await.assert_status(422);
    oslo.post(RESULTS, &results).await.assert_status(204);

    // Where the site itself needs a secret, a probe would see something else.
    set(vec![header("Authorization", "Basic gT5key")]).await;
    checked(&app).await;
    assert_eq!(self::task(&oslo).await, json!(null));
    app.finish().await;
}

#[tokio::test]
async fn a_look_that_was_long_on_its_way_proves_less() {
    let app = TestApp::new().await;
    let oslo = probe(&app, "oslo").await;
    checked(&app).await;
    let task = task(&oslo).await;
    app.world.advance(Duration::from_mins(1));
    oslo.post(RESULTS, &results(&task)).await.assert_status(204);
    let run = CheckRunId::parse(task["run"].as_str().unwrap()).unwrap();
    let seen = app.world.database.get(async |conn| checks::vantage_checks(conn, &run).await).await;
    let look = &seen.values().next().unwrap()[0].after;
    let now = app.world.now();
    assert_eq!(look.at, now.minus(Duration::from_millis(20)));
    let earliest = now.minus(Duration::from_millis(20 + 30 + 60_000 - 100));
    assert_eq!(look.sent_at(), earliest);
    app.finish().await;
}

#[tokio::test]
async fn a_probe_works_while_its_maker_is_an_administrator() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let form = admin.get("/settings/probes").await.form("#make").with("name", "oslo");
    let made = admin.submit(&form).await;
    made.assert_status(200);
    let secret = made.text("#token");
    assert!(!admin.get("/settings/probes").await.body.contains(&secret));
    let id = app.world.database.get(async |conn| probes::list(conn, 9).await).await[0].id.clone();
    let oslo = Program::with(&app, id, &secret);
    oslo.get(WORK).await.assert_status(200);
    let contact = app.world.database.get(async |conn| probes::list(conn, 9).await).await[0].contact_at;
    assert_eq!(contact, Some(app.world.now()));
    let maker = app.person_at(crate::support::ADMIN).await.id;
    let set =
        async |role| app.world.database.write(async |tx| people::set_role(tx, &maker, role).await).await;
    set(Role::Operator).await;
    let head = app.world.head().await;
    problem(&oslo.get(WORK).await, 401, "no-token");
    assert_eq!(app.world.events_after(head).await, ["token.refused"]);
    set(Role::Admin).await;
    oslo.get(WORK).await.assert_status(200);
    let revoke = admin.get("/settings/probes").await.form("form[action$='/revoke']");
    admin.submit(&revoke).await.assert_status(200);
    problem(&oslo.get(WORK).await, 401, "no-token");
    problem(&oslo.send(Method::POST, RESULTS, &[], Some(&json!({}))).await, 401, "no-token");
    app.finish().await;
}

#[tokio::test]
async fn who_waits_is_answered_when_there_is_something_and_let_go_when_revoked() {
    let app = TestApp::new().await;
    let oslo = probe(&app, "oslo").await;
    let waits = tokio::spawn({
        let oslo = oslo.clone();
        async move { task_of_wait(&oslo).await }
    });
    checked(&app).await;
    let given =
        tokio::time::timeout(Duration::from_secs(20), waits).await.expect("it waits too long").unwrap();
    assert_eq!(given["distribution"], WORKSHOP);
    oslo.post(RESULTS, &results(&given)).await.assert_status(204);
    let waits = tokio::spawn({
        let oslo = oslo.clone();
        async move { oslo.get(&format!("{WORK}?wait=30")).await.status }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    commands::revoke_probe(&app.world.command_context, &shell(), &oslo.id).await.unwrap();
    let status =
        tokio::time::timeout(Duration::from_secs(20), waits).await.expect("it waits too long").unwrap();
    assert_eq!(status, 401);
    app.finish().await;
}

async fn task_of_wait(probe: &Program) -> Value {
    read(&probe.get(&format!("{WORK}?wait=30")).await)["task"].clone()
}

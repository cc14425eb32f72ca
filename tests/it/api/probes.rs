//! `unstale probe`, as it is run, at the edge of another CloudFront than the server sees.

use std::{fs, process::Stdio, time::Duration};

use cloudfront_sandbox::{Config, EdgeAnswer, EdgeRule, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
};
use unstale::{
    cloudfront::{CloudFront, Connect},
    commands,
    domain::id::{CallerReference, DistributionId},
};

use super::program::{Program, json as read};
use crate::support::{START, TestApp, WORKSHOP, World, items, shell, uuid};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// Another edge location: a stand-in of its own, with the same sites.
struct Elsewhere {
    sandbox: Sandbox,
    _folder: TempDir,
}

impl Elsewhere {
    async fn new(pop: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = jiff::Timestamp::from_microsecond(START.as_micros()).unwrap();
        let clock = cloudfront_sandbox::Clock::manual(start);
        let config = Config { clock, ..Config::new(folder.path().join("origin")) };
        let sandbox = Sandbox::start(config).await.unwrap();
        sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::default()).header("x-amz-cf-pop", pop)]);
        Self { sandbox, _folder: folder }
    }

    fn publish(&self, path: &str, text: &str) {
        fs::write(self.sandbox.origin_of(WORKSHOP).unwrap().join(path), text).unwrap();
    }

    /// A viewer gets the page here.
    async fn view(&self, world: &World, path: &str) {
        let host = world.distribution(WORKSHOP).await.domain_name;
        let address = format!("{}{path}", self.sandbox.edge_url());
        reqwest::Client::new().get(address).header("host", host).send().await.unwrap();
    }

    /// The invalidation reaches this place too.
    async fn invalidate(&self, path: &str) {
        let cloudfront = CloudFront::at(&self.sandbox.api_url(), "AKIATEST", "secret", Connect::default());
        let reference = CallerReference::from_trusted(uuid());
        let id = DistributionId::from_trusted(WORKSHOP);
        cloudfront.create_invalidation(&id, &reference, &items(&[path])).await.unwrap();
    }
}

fn advance(world: &World, elsewhere: Option<&Elsewhere>, span: Duration) {
    world.advance(span);
    if let Some(elsewhere) = elsewhere {
        assert!(elsewhere.sandbox.clock().advance(span));
    }
}

/// A running `unstale probe`.
struct Process(Child);

impl Process {
    fn start(server: &str, token: &str, edge: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_unstale"))
            .args(["probe", "--server", server])
            .env_clear()
            .env("UNSTALE_PROBE_TOKEN", token)
            .env("UNSTALE_EDGE", edge)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Its exit code, and what it said.
    async fn ended(mut self) -> (Option<i32>, String) {
        let status = tokio::time::timeout(LONG, self.0.wait()).await.expect("it did not end").unwrap();
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        (status.code(), said)
    }

    async fn stopped(self) -> (Option<i32>, String) {
        let id = self.0.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        self.ended().await
    }
}

async fn token(app: &TestApp, name: &str) -> String {
    let made = commands::make_probe(&app.world.command_context, &shell(), name, None).await.unwrap();
    made.1.reveal().to_owned()
}

/// Both edges have the old page, and an invalidation of it is completed after the new one was published.
async fn invalidated(app: &TestApp, program: &Program, elsewhere: Option<&Elsewhere>) -> String {
    let world = &app.world;
    world.check().await;
    let publish = |text: &str| {
        fs::write(world.sandbox.origin_of(WORKSHOP).unwrap().join("news.html"), text).unwrap();
        if let Some(elsewhere) = elsewhere {
            elsewhere.publish("news.html", text);
        }
    };
    publish("old");
    world.view(WORKSHOP, "/news.html").await;
    if let Some(elsewhere) = elsewhere {
        elsewhere.view(world, "/news.html").await;
    }
    advance(world, elsewhere, Duration::from_secs(90));
    let answer = program.request("k", &json!({"distribution": WORKSHOP, "items": ["/news.html"]})).await;
    answer.assert_status(202);
    world.check().await;
    publish("new");
    world.submit().await;
    advance(world, elsewhere, Duration::from_secs(25));
    world.poll().await;
    // Looks that take a while are still after completion.
    advance(world, elsewhere, Duration::from_secs(20));
    read(&answer)["id"].as_str().unwrap().to_owned()
}

async fn shown(program: &Program, id: &str) -> Value {
    read(&program.get(&format!("/api/v1/invalidations/{id}")).await)
}

fn vantage<'a>(shown: &'a Value, name: &str) -> Option<&'a Value> {
    shown["checks"].as_array().unwrap().iter().find(|check| check["vantage"] == name)
}

/// Lets the service work until this is so.
async fn until(app: &TestApp, program: &Program, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let work = async {
        loop {
            app.world.check().await;
            let shown = shown(program, id).await;
            if is_so(&shown) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, work).await.expect("it never came to that")
}

fn has_verdict(shown: &Value, name: &str, verdict: &str) -> bool {
    vantage(shown, name).is_some_and(|check| check["verdict"] == verdict)
}

#[tokio::test]
async fn one_stale_place_is_named_until_it_is_fresh_too() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let far = Elsewhere::new("OSL50-C1").await;
    let token = token(&app, "oslo").await;
    let id = invalidated(&app, &program, Some(&far)).await;
    app.world.check().await;
    assert_eq!(shown(&program, &id).await["freshness"], "fresh", "nobody waits for a probe");

    let probe = Process::start(&app.address, &token, &far.sandbox.edge_url());
    let stale = until(&app, &program, &id, |shown| has_verdict(shown, "oslo", "stale")).await;
    assert_eq!(stale["freshness"], "stale", "{stale}");
    assert_eq!(stale["checks"].as_array().unwrap().len(), 2);
    assert!(has_verdict(&stale, "server", "fresh"), "{stale}");
    let there = vantage(&stale, "oslo").unwrap();
    assert_eq!((&there["after"]["pop"], &there["before"]), (&json!("OSL50-C1"), &json!(null)));
    assert!(there["step"].is_string() && there["cause"] == "old_at_edge", "{there}");
    let page = app.viewer().await.get(&format!("/invalidations/{id}")).await;
    page.assert_says("fresh in 1 of 2 places").assert_says("oslo").assert_says("OSL50-C1");

    far.invalidate("/news.html").await;
    advance(&app.world, Some(&far), Duration::from_secs(70));
    let fresh = until(&app, &program, &id, |shown| has_verdict(shown, "oslo", "fresh")).await;
    assert_eq!(fresh["freshness"], "fresh");
    let told: Vec<String> = app
        .world
        .history()
        .await
        .into_iter()
        .map(|one| one.event)
        .filter(|event| event.action.as_str() == "check.finished")
        .map(|event| format!("{} {} {}", event.old, event.new, event.note))
        .collect();
    let wanted =
        ["pending fresh 1 fresh", "fresh stale 1 fresh; oslo: 1 stale", "stale fresh 1 fresh; oslo: 1 fresh"];
    assert_eq!(told, wanted);
    let (code, said) = probe.stopped().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("handed in: {WORKSHOP}, 1 of 1 URLs answered by OSL50-C1")), "{said}");
    assert!(said.ends_with("unstale: stopped\n"), "{said}");
    app.finish().await;
}

#[tokio::test]
async fn all_places_are_counted_and_those_that_are_away_are_named() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let (oslo, rome) = (token(&app, "oslo").await, token(&app, "rome").await);
    token(&app, "lima").await;
    let edge = app.world.sandbox.edge_url();
    let id = invalidated(&app, &program, None).await;
    let probes = [Process::start(&app.address, &oslo, &edge), Process::start(&app.address, &rome, &edge)];
    let both = |shown: &Value| has_verdict(shown, "oslo", "fresh") && has_verdict(shown, "rome", "fresh");
    assert_eq!(until(&app, &program, &id, both).await["freshness"], "fresh");
    let viewer = app.viewer().await;
    let page = viewer.get(&format!("/invalidations/{id}")).await;
    page.assert_says("fresh in 3 of 3 places").assert_says("this server").assert_says("was never in contact");
    for probe in probes {
        assert_eq!(probe.stopped().await.0, Some(0));
    }
    app.world.advance(Duration::from_mins(3));
    let id = {
        let answer = program.request("k2", &json!({"distribution": WORKSHOP, "items": ["/news.html"]})).await;
        app.world.check().await;
        app.world.submit().await;
        app.world.advance(Duration::from_secs(25));
        app.world.poll().await;
        app.world.advance(Duration::from_secs(1));
        app.world.check().await;
        read(&answer)["id"].as_str().unwrap().to_owned()
    };
    let page = viewer.get(&format!("/invalidations/{id}")).await;
    page.assert_says("oslo not in contact since").assert_says("rome not in contact since");
    assert_ne!(shown(&program, &id).await["freshness"], "pending");
    let settings = app.admin().await.get("/settings/probes").await;
    settings.assert_says("not in contact").assert_says("not started yet");
    app.finish().await;
}

#[tokio::test]
async fn a_probe_that_was_killed_over_its_work_gets_it_again() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let far = Elsewhere::new("OSL50-C1").await;
    let token = token(&app, "oslo").await;
    let id = invalidated(&app, &program, Some(&far)).await;
    app.world.check().await;
    far.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::Hang)]);
    let mut killed = Process::start(&app.address, &token, &far.sandbox.edge_url());
    let offered = async || {
        let mut raw = app.world.database.raw().await;
        raw.texts("SELECT run_id FROM probe_offer").await.len()
    };
    let given = async {
        while offered().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, given).await.unwrap();
    killed.0.kill().await.unwrap();
    far.sandbox.set_edge_rules(Vec::new());
    let next = Process::start(&app.address, &token, &far.sandbox.edge_url());
    until(&app, &program, &id, |shown| has_verdict(shown, "oslo", "stale")).await;
    assert_eq!(next.stopped().await.0, Some(0));
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_token_or_server_ends_it_with_a_reason() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let token = token(&app, "oslo").await;
    let edge = app.world.sandbox.edge_url();
    let run = async |server: &str, token: &str| Process::start(server, token, &edge).ended().await;
    let (code, said) = run(&app.address, &program.secret).await;
    assert!(code == Some(2) && said.contains("UNSTALE_PROBE_TOKEN"), "{code:?}: {said}");
    let (code, said) = run("http://unstale.example.com", &token).await;
    assert!(code == Some(2) && said.contains("--server"), "{code:?}: {said}");
    let (code, said) = run(&edge, &token).await;
    assert!(code == Some(3) && said.contains("is no Unstale that knows probes"), "{code:?}: {said}");
    let running = Process::start(&app.address, &token, &edge);
    let probe = async || {
        app.world.database.get(async |conn| unstale::store::probes::list(conn, 9).await).await.remove(0)
    };
    while probe().await.contact_at.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let id = probe().await.id;
    commands::revoke_probe(&app.world.command_context, &shell(), &id).await.unwrap();
    let (code, said) = running.ended().await;
    assert!(code == Some(3) && said.contains("refuses the token"), "{code:?}: {said}");
    app.finish().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again() {
    let app = TestApp::new().await;
    let token = token(&app, "oslo").await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let probe = Process::start(&format!("http://{closed}"), &token, &app.world.sandbox.edge_url());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let (code, said) = probe.stopped().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("cannot be reached") && said.contains("the next try is in 1 s"), "{said}");
    app.finish().await;
}

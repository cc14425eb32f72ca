//! Checks by the API: what an invalidation says of them, waiting for a verdict, and what is set for them.

use std::{fs, path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use unstale::domain::{access::Role, checks::CheckCause, secret::sha256_hex};

use super::{
    command::{folder, run},
    program::{Program, json as read, pointers, problem},
};
use crate::support::{Browser, SHOP, TestApp, WORKSHOP, World, options, uuid};

const INVALIDATIONS: &str = "/api/v1/invalidations";
const CHECKS: &str = "/api/v1/checks";

/// Puts a file into the folder of the workshop's site.
fn publish(world: &World, path: &str, text: &str) {
    fs::write(world.sandbox.origin_of(WORKSHOP).unwrap().join(path), text).unwrap();
}

/// The site has this page, the edge has it in its cache, and the checker has begun.
async fn served(world: &World, path: &str) {
    world.check().await;
    publish(world, path, "old");
    world.view(WORKSHOP, &format!("/{path}")).await;
    // So old that its age alone proves it: CloudFront may accept before the look before is made.
    world.advance(Duration::from_secs(90));
}

/// Lets CloudFront complete what was requested.
async fn complete(world: &World) {
    world.submit().await;
    world.advance(Duration::from_secs(25));
    world.poll().await;
    world.advance(Duration::from_secs(1));
}

/// Does the work of the service until somebody has what they wait for.
async fn working(world: &World) {
    loop {
        world.check().await;
        world.submit().await;
        world.poll().await;
        world.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn meanwhile<T>(world: &World, waits: impl Future<Output = T>) -> T {
    let both = async {
        tokio::select! {
            found = waits => found,
            () = working(world) => unreachable!(),
        }
    };
    tokio::time::timeout(Duration::from_secs(40), both).await.expect("nobody was answered")
}

async fn request(program: &Program, key: &str, item: &str) -> Value {
    let body = json!({"distribution": WORKSHOP, "items": [item]});
    let answer = program.request(key, &body).await;
    answer.assert_status(202);
    read(&answer)
}

#[tokio::test]
async fn an_invalidation_says_what_viewers_get() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    served(&app.world, "news.html").await;
    let accepted = request(&program, "k", "/news.html").await;
    assert_eq!((&accepted["freshness"], &accepted["checks"]), (&json!("pending"), &json!([])));
    let one = format!("{INVALIDATIONS}/{}", accepted["id"].as_str().unwrap());
    assert_eq!(read(&program.get(&one).await)["freshness"], "pending", "nobody has read the history yet");
    app.world.check().await;
    publish(&app.world, "news.html", "new");
    complete(&app.world).await;
    let waiting = read(&program.get(&format!("{one}?wait=60")).await);
    assert_eq!((&waiting["state"], &waiting["freshness"]), (&json!("completed"), &json!("pending")));
    assert_eq!(waiting["checks"][0]["verdict"], json!(null));
    assert_ne!(waiting["checks"][0]["before"], json!(null));
    app.world.check().await;
    let known = read(&program.get(&format!("{one}?wait=60&until=checked")).await);
    assert_eq!(known["freshness"], "fresh", "{known}");
    let check = &known["checks"][0];
    assert!(check["url"].as_str().unwrap().ends_with("/news.html"), "{check}");
    assert_eq!((&check["vantage"], &check["verdict"]), (&json!("server"), &json!("fresh")));
    assert_eq!(check["kind"], "url");
    for look in ["before", "after"] {
        let look = &check[look];
        assert_eq!((&look["status"], &look["failure"]), (&json!(200), &json!(null)), "{look}");
        assert_eq!(look["sha256"].as_str().unwrap().len(), 64);
        for field in ["at", "x_cache", "age", "etag", "last_modified", "length", "pop", "cf_id"] {
            assert!(look.as_object().unwrap().contains_key(field), "{field}: {look}");
        }
    }
    let listed = read(&program.get(INVALIDATIONS).await);
    assert_eq!(
        (&listed["items"][0]["freshness"], &listed["items"][0]["checks"]),
        (&json!("fresh"), &json!(null))
    );
    assert_eq!(request(&program, "k", "/news.html").await, accepted, "a repeat gets the same answer");
    app.finish().await;
}

#[tokio::test]
async fn a_wait_until_checked_ends_with_the_verdict() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    served(&app.world, "news.html").await;
    let id = request(&program, "k", "/news.html").await["id"].as_str().unwrap().to_owned();
    let one = format!("{INVALIDATIONS}/{id}");
    app.world.check().await;
    let answer = meanwhile(&app.world, program.get(&format!("{one}?wait=60&until=checked"))).await;
    let answer = read(&answer);
    assert_eq!((&answer["state"], &answer["freshness"]), (&json!("completed"), &json!("unchanged")));
    assert_eq!(answer["checks"][0]["cause"], "origin_unchanged");
    assert!(answer["checks"][0]["step"].is_string());
    for bad in ["until=", "until=fresh", "wait=1&until=checked&until=checked"] {
        let refused = problem(&program.get(&format!("{one}?{bad}")).await, 422, "invalid");
        assert_eq!(pointers(&refused), ["until"], "{bad}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_gets_no_check_is_off_as_soon_as_that_is_known() {
    let app = TestApp::new().await;
    let (program, admin) = (Program::operator(&app).await, app.admin().await);
    served(&app.world, "news.html").await;
    let id = request(&program, "k1", "/news.html").await["id"].as_str().unwrap().to_owned();
    put(&admin, &json!({"enabled": false})).await;
    complete(&app.world).await;
    let one = format!("{INVALIDATIONS}/{id}");
    let early = read(&program.get(&format!("{one}?wait=1&until=checked")).await);
    assert_eq!(early["freshness"], "pending", "a run may still be made of it");
    app.world.check().await;
    let known = read(&program.get(&format!("{one}?wait=60&until=checked")).await);
    assert_eq!((&known["freshness"], &known["checks"]), (&json!("off"), &json!([])));
    let accepted = request(&program, "k2", "/news.html").await;
    assert_eq!(accepted["freshness"], "off", "it is known at once");

    let off = unstale::http::HttpOptions { are_checks_on: false, ..options() };
    let other = TestApp::over(World::new().await, off).await;
    let program = Program::operator(&other).await;
    assert_eq!(request(&program, "k", "/news.html").await["freshness"], "off");
    let refused = program.post(CHECKS, &json!({"distribution": WORKSHOP})).await;
    problem(&refused, 409, "checks-off");
    other.finish().await;
    app.finish().await;
}

async fn put(admin: &Browser, body: &Value) -> crate::support::Answer {
    let path = format!("/api/v1/distributions/{WORKSHOP}/checks");
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    admin.send(Method::PUT, &path, &headers, body.to_string().into_bytes()).await
}

#[tokio::test]
async fn an_administrator_sets_what_is_looked_at() {
    let app = TestApp::new().await;
    let (program, admin) = (Program::operator(&app).await, app.admin().await);
    let path = format!("/api/v1/distributions/{WORKSHOP}/checks");
    let default = read(&program.get(&path).await);
    let wanted = json!({"urls": [], "host": null, "headers": {}, "must_contain": null, "must_not_contain": null, "cors_origin": null, "ask_origin": false, "compressed": false, "edge_locations": [], "apis": [], "enabled": true});
    assert_eq!(default, wanted);
    let new = json!({"urls": ["/news.html"], "headers": {"X-Preview": "1"}, "must_contain": " build 7 ", "cors_origin": "https://app.example.com/", "ask_origin": true, "compressed": true, "edge_locations": ["fra50-c1", "NRT20-P2"]});
    let set = put(&admin, &new).await;
    set.assert_status(200);
    let wanted = json!({"urls": ["/news.html"], "host": null, "headers": {"X-Preview": "1"}, "must_contain": "build 7", "must_not_contain": null, "cors_origin": "https://app.example.com", "ask_origin": true, "compressed": true, "edge_locations": ["FRA50-C1", "NRT20-P2"], "apis": [], "enabled": true});
    assert_eq!(read(&set), wanted);
    // Who may not set a header does not read its value.
    let mut told = wanted;
    told["headers"]["X-Preview"] = json!("");
    assert_eq!(read(&program.get(&path).await), told);
    for (body, place) in [
        (json!({"urls": ["https://elsewhere.example.org/"]}), "/urls"),
        (json!({"urls": [7]}), "/urls/0"),
        (json!({"host": "elsewhere.example.org"}), "/host"),
        (json!({"headers": {"Cookie": "a=b"}}), "/headers"),
        (json!({"headers": {"a/b": 1}}), "/headers/a~1b"),
        (json!({"headers": ["a"]}), "/headers"),
        (json!({"must_contain": "x".repeat(1_001)}), "/must_contain"),
        (json!({"must_not_contain": "x".repeat(1_001)}), "/must_not_contain"),
        (json!({"cors_origin": "https://app.example.com/a"}), "/cors_origin"),
        (json!({"edge_locations": ["Frankfurt"]}), "/edge_locations"),
        (json!({"edge_locations": ["FRA1", "FRA2", "FRA3", "FRA4", "FRA5", "FRA6"]}), "/edge_locations"),
        (json!({"edge_locations": "FRA50-C1"}), "/edge_locations"),
        (json!({"enabled": "yes"}), "/enabled"),
        (json!({"apis": {}}), "/apis"),
        (json!({"apis": [1]}), "/apis/0"),
        (json!({"apis": [{}]}), "/apis/0/url"),
        (json!({"apis": [{"url": API}, {"url": "http://a.example"}]}), "/apis/1/url"),
        (json!({"apis": [{"url": API, "method": "POST"}]}), "/apis/0/method"),
        (json!({"apis": [{"url": API, "headers": {"x-api-key": "k"}}]}), "/apis/0/headers"),
        (json!({"apis": [{"url": API, "headers": {"x": 1}}]}), "/apis/0/headers/x"),
        (json!({"apis": [{"url": API, "body": ""}]}), "/apis/0/body"),
        (json!({"apis": vec![json!({"url": API}); 6]}), "/apis"),
        (json!({"origin": "https://a.example"}), "/origin"),
    ] {
        let refused = problem(&put(&admin, &body).await, 422, "invalid");
        assert_eq!(pointers(&refused), [place], "{body}");
    }
    assert_eq!(read(&program.get(&path).await), told, "nothing was changed");
    let refused = program.send(Method::PUT, &path, &[], Some(&json!({}))).await;
    problem(&refused, 403, "not-allowed");
    app.finish().await;
}

const API: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/students";

#[tokio::test]
async fn an_api_and_secrets_are_set_and_their_values_never_told() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let app = TestApp::over(world, options()).await;
    let (program, admin) = (Program::operator(&app).await, app.admin().await);
    let path = format!("/api/v1/distributions/{WORKSHOP}/checks");
    let headers = json!({"x-api-key": "gT5key", "Accept": "text/csv"});
    let api = json!({"url": API, "method": "HEAD", "headers": headers});
    let new = json!({"headers": {"Authorization": "Basic gT5key"}, "apis": [api]});
    let set = put(&admin, &new).await;
    set.assert_status(200);
    let told = read(&set);
    assert_eq!(told["headers"], json!({"Authorization": ""}));
    let headers = json!({"x-api-key": "", "Accept": ""});
    assert_eq!(told["apis"], json!([{"url": API, "method": "HEAD", "headers": headers}]));
    let shown = program.get(&path).await;
    assert_eq!(read(&shown), told);
    // What was read is set again, and keeps the secrets.
    put(&admin, &told).await.assert_status(200);
    let id = unstale::domain::id::DistributionId::parse(WORKSHOP).unwrap();
    let settings = async || {
        let find =
            async |conn: &mut unstale::store::Conn| unstale::store::checks::settings::find(conn, &id).await;
        app.world.database.get(find).await
    };
    assert_eq!(settings().await.apis[0].headers.plain, [("Accept".to_owned(), "text/csv".to_owned())]);
    assert_eq!(settings().await.apis[0].headers.secret.len(), 1);
    let moved = json!({"apis": [{"url": "https://other.example.com/", "headers": {"x-api-key": ""}}]});
    let refused = problem(&put(&admin, &moved).await, 422, "invalid");
    assert_eq!(pointers(&refused), ["/apis/0/headers"]);
    let history = format!("{:?}", app.world.history().await);
    assert!(history.contains("x-api-key") && !history.contains("gT5key"), "{history}");
    app.finish().await;
}

#[tokio::test]
async fn an_edge_location_is_an_entry_of_its_own_or_named_as_not_counted() {
    let app = TestApp::new().await;
    let (program, admin) = (Program::operator(&app).await, app.admin().await);
    put(&admin, &json!({"edge_locations": ["FRA50-C1", "XXX99-X9"]})).await.assert_status(200);
    served(&app.world, "news.html").await;
    let id = request(&program, "k", "/news.html").await["id"].as_str().unwrap().to_owned();
    app.world.check().await;
    publish(&app.world, "news.html", "new");
    complete(&app.world).await;
    app.world.check().await;
    let known = read(&program.get(&format!("{INVALIDATIONS}/{id}")).await);
    assert_eq!(known["freshness"], "fresh", "{known}");
    let places: Vec<_> = known["checks"].as_array().unwrap().iter().map(|one| &one["vantage"]).collect();
    assert_eq!(places, [&json!("server"), &json!("FRA50-C1")]);
    let there = &known["checks"][1];
    assert_eq!((&there["verdict"], &there["before"]), (&json!("fresh"), &json!(null)));
    assert_eq!(there["after"]["pop"], "FRA50-C1");
    let silent = known["silent_locations"].as_array().unwrap();
    assert_eq!(silent.len(), 1, "{known}");
    assert_eq!((&silent[0]["vantage"], &silent[0]["url"]), (&json!("XXX99-X9"), &there["url"]));
    assert_eq!(
        (&silent[0]["why"], &silent[0]["look"]["pop"]),
        (&json!("SBX50-P1 answered in its place"), &json!("SBX50-P1"))
    );
    let listed = read(&program.get(INVALIDATIONS).await);
    assert_eq!(listed["items"][0]["silent_locations"], json!(null));
    let by_hand =
        read(&program.post(CHECKS, &json!({"distribution": WORKSHOP, "urls": ["/news.html"]})).await);
    app.world.check().await;
    let by_hand = read(&program.get(&format!("{CHECKS}/{}", by_hand["id"].as_str().unwrap())).await);
    assert_eq!(
        (&by_hand["checks"][1]["vantage"], by_hand["silent_locations"].as_array().unwrap().len()),
        (&json!("FRA50-C1"), 1)
    );
    app.finish().await;
}

#[tokio::test]
async fn a_check_without_an_invalidation_finds_what_is_broken() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    served(&app.world, "news.html").await;
    let body = json!({"distribution": WORKSHOP, "urls": ["/news.html", "/no/such.html"]});
    let started = program.post(CHECKS, &body).await;
    started.assert_status(202);
    let (address, started) = (started.header("location").unwrap().to_owned(), read(&started));
    assert_eq!(address, format!("{CHECKS}/{}", started["id"].as_str().unwrap()));
    let wanted = (&json!(WORKSHOP), &json!(null), &json!("pending"), &json!("pending"));
    let parts =
        (&started["distribution"], &started["invalidation"], &started["state"], &started["freshness"]);
    assert_eq!(parts, wanted);
    let answer = read(&meanwhile(&app.world, program.get(&format!("{address}?wait=30"))).await);
    assert_eq!((&answer["state"], &answer["freshness"]), (&json!("done"), &json!("broken")), "{answer}");
    assert_eq!(answer["checks"][0]["verdict"], "unclear");
    assert_eq!(
        (&answer["checks"][1]["verdict"], &answer["checks"][1]["before"]),
        (&json!("broken"), &json!(null))
    );
    for (path, what) in [(format!("{CHECKS}/{}", uuid()), "another"), (format!("{CHECKS}/x"), "no ID")] {
        problem(&program.get(&path).await, 404, "not-found");
        assert!(!what.is_empty());
    }
    let narrowed = Program::new(&app, "shop", Role::Operator, &[SHOP]).await;
    problem(&narrowed.get(&address).await, 404, "not-found");
    for (body, place) in [
        (json!({}), "/distribution"),
        (json!({"distribution": WORKSHOP, "urls": ["https://elsewhere.example.org/"]}), "/urls"),
        (json!({"distribution": WORKSHOP, "url": "/"}), "/url"),
    ] {
        assert_eq!(pointers(&problem(&program.post(CHECKS, &body).await, 422, "invalid")), [place], "{body}");
    }
    let many: Vec<String> = (0..31).map(|n| format!("/{n}")).collect();
    let refused = program.post(CHECKS, &json!({"distribution": WORKSHOP, "urls": many})).await;
    assert!(refused.body.contains("At most 30 URLs"), "{}", refused.body);
    app.finish().await;
}

#[tokio::test]
async fn the_command_ends_by_what_is_proved() {
    let app = TestApp::new().await;
    let (program, admin) = (Program::operator(&app).await, app.admin().await);
    served(&app.world, "news.html").await;
    let folder = folder(&[]);
    let prove = async |item: &str| {
        let arguments = ["--prove", item];
        meanwhile(&app.world, run(&app, &program.secret, folder.path(), &arguments, "")).await
    };
    let unchanged = prove("/news.html").await;
    assert_eq!(unchanged.code, 0, "{}{}", unchanged.out, unchanged.complaint);
    for wanted in ["\nCompleted: ", "\nunchanged https://", CheckCause::OriginUnchanged.label()] {
        assert!(unchanged.out.contains(wanted), "{wanted}: {}", unchanged.out);
    }
    let broken = prove("/no/such.html").await;
    assert_eq!(broken.code, 8, "{}{}", broken.out, broken.complaint);
    assert!(broken.out.contains("\nbroken    https://") && broken.complaint.contains("viewers get an error"));
    put(&admin, &json!({"enabled": false})).await.assert_status(200);
    let off = prove("/news.html").await;
    assert_eq!(off.code, 9, "{}{}", off.out, off.complaint);
    assert!(off.complaint.contains("nothing was looked at"), "{}", off.complaint);
    app.finish().await;
}

#[tokio::test]
async fn a_request_says_what_viewers_must_get() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = |items: &[&str], expected: Value| json!({"distribution": WORKSHOP, "items": items, "expected": expected});
    let hash = format!("sha256:{}", "ab".repeat(32));
    for (items, expected) in [
        (&["/a"][..], json!("Gone")),
        (&["/a"], json!(1)),
        (&["/a"], json!("sha256:ab")),
        (&["/a", "/b"], json!(hash)),
        (&["/a/*"], json!(hash)),
    ] {
        let answer = program.post(INVALIDATIONS, &body(items, expected.clone())).await;
        assert_eq!(pointers(&problem(&answer, 422, "invalid")), ["/expected"], "{expected}");
    }
    assert!(app.world.recent().await.is_empty());
    for (number, expected) in ["gone", "new_version", &hash].into_iter().enumerate() {
        let answer = program.request(&number.to_string(), &body(&["/a"], json!(expected))).await;
        answer.assert_status(202);
        assert_eq!(read(&answer)["expected"], expected);
    }
    // Under the same key another expectation is another request.
    program.request("0", &body(&["/a"], json!("new_version"))).await.assert_status(422);
    app.finish().await;
}

#[tokio::test]
async fn the_command_proves_that_a_page_is_gone() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    served(&app.world, "news.html").await;
    let folder = folder(&[]);
    let prove = async |arguments: &[&str]| {
        meanwhile(&app.world, run(&app, &program.secret, folder.path(), arguments, "")).await
    };
    let there = prove(&["--prove", "--expect-gone", "/news.html"]).await;
    assert_eq!(there.code, 8, "{}{}", there.out, there.complaint);
    assert!(there.out.contains(CheckCause::NotGone.label()), "{}", there.out);
    let gone = prove(&["--prove", "--expect-gone", "/no-such-page.html"]).await;
    assert_eq!(gone.code, 0, "{}{}", gone.out, gone.complaint);
    assert!(gone.out.contains("\ngone      https://"), "{}", gone.out);
    let hash = sha256_hex(b"old");
    let same = prove(&["--prove", "--expect-sha256", &hash, "/news.html"]).await;
    assert_eq!(same.code, 0, "{}{}", same.out, same.complaint);
    assert!(same.out.contains("\nfresh     https://"), "{}", same.out);
    let typed = prove(&["--expect-sha256", "abc", "/news.html"]).await;
    assert_eq!(typed.code, 2, "{}{}", typed.out, typed.complaint);
    assert!(typed.complaint.contains("64 hexadecimal digits"), "{}", typed.complaint);
    app.finish().await;
}

#[test]
fn each_cause_is_in_the_documentation_with_its_label() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| cause | means |\n| --- | --- |\n").unwrap();
    let table: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let wanted = CheckCause::ALL.iter().map(|cause| format!("| `{}` | {} |", cause.as_str(), cause.label()));
    assert_eq!(table, wanted.collect::<Vec<_>>());
}

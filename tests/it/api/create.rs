//! Plans and requests: what is taken, what is refused, and what the history says of it.

use cloudfront_sandbox::Fault;
use reqwest::Method;
use serde_json::json;
use unstale::domain::{access::Role, distributions::protection::Guard, id::InvalidationId};

use super::program::{Program, json, pointers, problem};
use crate::support::{SHOP, TestApp, WORKSHOP, at, seconds};

const PATH: &str = "/api/v1/invalidations";

#[tokio::test]
async fn a_plan_says_all_and_keeps_nothing() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    program.get("/api/v1/distributions").await.assert_status(200);
    let before = app.kept().await;
    let body = json!({"distribution": WORKSHOP, "items": ["styles.css", "/images/*", "/images/a.png"]});
    let answer = program.post("/api/v1/plan", &body).await;
    answer.assert_status(200);
    let plan = json(&answer);
    assert_eq!(plan["items"], json!(["/images/*", "/styles.css"]));
    assert_eq!(plan["lines"][0]["notes"], json!(["leading slash added"]));
    assert_eq!(plan["lines"][2]["verdict"], "dropped");
    assert_eq!(plan["batches"], json!([{"paths": 1, "wildcards": 1}]));
    assert_eq!((&plan["billable_paths"], &plan["dollars"]), (&json!(2), &json!("0.00")));
    assert_eq!((&plan["needs"], &plan["confirm"]), (&json!("nothing"), &json!(null)));
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_request_is_taken_sent_and_seen_to_its_end() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": SHOP, "items": ["/styles.css", "#price"], "reason": "release 42"});
    let headers = [("idempotency-key", "run-42"), ("unstale-run-url", "https://ci.example.com/runs/42")];
    let answer = program.send(Method::POST, PATH, &headers, Some(&body)).await;
    answer.assert_status(202);
    let taken = json(&answer);
    let id = taken["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("{PATH}/{id}").as_str()));
    assert_eq!(taken["state"], "queued");
    assert_eq!(taken["items"], json!(["#price", "/styles.css"]));
    assert_eq!(taken["requested_by"]["name"], "deploy");
    assert_eq!(taken["url"], format!("{}/invalidations/{id}", app.address));
    assert_eq!(taken["batches"][0]["items"], 2);

    let history = app.world.history().await;
    let event = &history.last().unwrap().event;
    assert_eq!(event.action.as_str(), "invalidation.requested");
    assert_eq!(
        (event.acting.actor.kind().as_str(), event.acting.origin.sign_in.as_str()),
        ("token", "token")
    );
    assert_eq!(event.note, "");
    let told = json(&program.get("/api/v1/audit?limit=1").await)["items"][0].clone();
    assert_eq!(
        (&told["run_url"], &told["idempotency_key"], &told["requested_by"]),
        (&json!("https://ci.example.com/runs/42"), &json!("run-42"), &json!(null))
    );

    let shown = json(&program.get(&format!("{PATH}/{id}")).await);
    assert_eq!((&shown["ahead"], &shown["state"]), (&json!(0), &json!("queued")));
    app.world.live(40).await;
    let done = json(&program.get(&format!("{PATH}/{id}?wait=60")).await);
    assert_eq!((&done["state"], &done["ahead"]), (&json!("completed"), &json!(null)));
    assert!(done["batches"][0]["cloudfront_id"].is_string() && done["ended_at"].is_string());
    app.finish().await;
}

#[tokio::test]
async fn each_bad_thing_is_pointed_at_and_nothing_is_kept() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    program.get("/api/v1/distributions").await;
    let (before, head) = (app.kept().await, app.world.head().await);
    let body = json!({"distribution": WORKSHOP, "items": ["/a", "/b*c", "/100%", "/d"]});
    assert_eq!(
        pointers(&problem(&program.post(PATH, &body).await, 422, "invalid")),
        ["/items/1", "/items/2"]
    );
    let body = json!({"distribution": 5, "items": ["", 5, "/a\n/b"], "reason": "a\tb", "not_before": "soon", "paths/~": 1});
    let told = problem(&program.post(PATH, &body).await, 422, "invalid");
    let wanted =
        ["/distribution", "/items/0", "/items/1", "/items/2", "/reason", "/not_before", "/paths~1~0"];
    assert_eq!(pointers(&told), wanted);
    for (body, pointer) in [
        (json!({"distribution": WORKSHOP, "items": []}), "/items"),
        (json!({"distribution": WORKSHOP, "items": "/a"}), "/items"),
        (json!({"distribution": WORKSHOP, "items": vec!["/a"; 20_001]}), "/items"),
        (json!({"distribution": 7, "items": ["/a"]}), "/distribution"),
        (
            json!({"distribution": WORKSHOP, "items": ["/a"], "not_before": "2027-06-01T00:00:00Z"}),
            "/not_before",
        ),
    ] {
        assert_eq!(pointers(&problem(&program.post(PATH, &body).await, 422, "invalid")), [pointer]);
    }
    for (header, value) in [("idempotency-key", ""), ("unstale-run-url", "http://ci.example.com/")] {
        let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
        let answer = program.send(Method::POST, PATH, &[(header, value)], Some(&body)).await;
        assert_eq!(pointers(&problem(&answer, 422, "invalid")), [header]);
    }
    let body = json!({"distribution": "no.such.example", "items": ["/a"]});
    problem(&program.post(PATH, &body).await, 404, "not-found");
    assert_eq!(app.kept().await, before);
    assert_eq!(app.world.events_after(head).await, ["act.refused"; 10]);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_to_be() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let bearer = format!("Bearer {}", program.secret);
    let send = async |kind: &str, body: Vec<u8>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        app.stranger().send(Method::POST, PATH, &headers, body).await
    };
    problem(&send("application/json", b"{".to_vec()).await, 400, "unreadable");
    problem(&send("application/json", b"[]".to_vec()).await, 400, "unreadable");
    problem(&send("text/plain", b"{}".to_vec()).await, 415, "unsupported-type");
    problem(&send("application/json", vec![b' '; 3 * 1024 * 1024]).await, 413, "too-large");
    let many = |values: usize| format!("{{\"items\":[{}0]}}", "0,".repeat(values)).into_bytes();
    let answer = send("application/json", many(400_000)).await;
    assert!(
        problem(&answer, 413, "too-large")["detail"].as_str().unwrap().contains("more than 25000 values")
    );
    // Of many wrong things the first are named, and the others counted.
    let answer = send("application/json", many(20_100)).await;
    let named = problem(&answer, 422, "invalid");
    assert!(named["errors"].as_array().unwrap().len() <= 100);
    let members: Vec<String> = (0..900).map(|n| format!("\"unknown{n}\":0")).collect();
    let answer = send("application/json", format!("{{{}}}", members.join(",")).into_bytes()).await;
    let named = problem(&answer, 422, "invalid");
    assert_eq!(named["errors"].as_array().unwrap().len(), 100);
    assert!(
        named["detail"].as_str().unwrap().starts_with("901 things need correction; the first 100"),
        "{named}"
    );
    problem(&program.get("/api/v1/plan").await, 405, "wrong-method");
    problem(&program.get("/api/v2").await, 404, "not-found");
    problem(&program.get(&format!("{PATH}/x")).await, 404, "not-found");
    problem(&program.get(&format!("{PATH}?paths=1")).await, 422, "invalid");
    problem(&program.get(&format!("{PATH}?limit=0")).await, 422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_distribution_goes_by_its_names() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let known = app.world.distribution(SHOP).await;
    for name in [&known.domain_name, &known.aliases[0], &known.aliases[0].to_uppercase()] {
        let body = json!({"distribution": name, "items": ["/a"]});
        let answer = program.post("/api/v1/plan", &body).await;
        answer.assert_status(200);
        assert_eq!(json(&answer)["distribution"], SHOP);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_put_off_is_not_sent_before_its_time() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let later = at(600).to_string();
    let body = json!({"distribution": WORKSHOP, "items": ["/a"], "not_before": later});
    let answer = program.request("later", &body).await;
    answer.assert_status(202);
    assert_eq!(json(&answer)["batches"][0]["due_at"], later);
    assert_eq!(program.request("later", &body).await.body, answer.body);
    let id = InvalidationId::parse(json(&answer)["id"].as_str().unwrap()).unwrap();
    app.world.live(20).await;
    assert_eq!(app.world.state(&id).await, "queued");
    app.world.advance(seconds(600));
    app.world.live(40).await;
    assert_eq!(app.world.state(&id).await, "completed");
    assert_eq!(program.request("later", &body).await.body, answer.body, "the same answer, for ever");
    app.finish().await;
}

#[tokio::test]
async fn what_is_queued_can_be_cancelled_once() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
    let id = json(&program.post(PATH, &body).await)["id"].as_str().unwrap().to_owned();
    let cancel = format!("{PATH}/{id}/cancel");
    let answer = program.send(Method::POST, &cancel, &[], None).await;
    answer.assert_status(200);
    assert_eq!(json(&answer)["state"], "cancelled");
    problem(&program.send(Method::POST, &cancel, &[], None).await, 409, "too-late");
    app.finish().await;
}

#[tokio::test]
async fn protection_holds_for_programs_too() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let wide = json!({"distribution": WORKSHOP, "items": ["/*"]});
    app.protect(WORKSHOP, |protection| protection.guard = Guard::TypedName).await;
    let told = problem(&program.request("wide", &wide).await, 409, "confirmation-needed");
    let name = told["confirm"].as_str().unwrap();
    let plan = json(&program.post("/api/v1/plan", &wide).await);
    assert_eq!((&plan["needs"], &plan["confirm"]), (&json!("typed_name"), &json!(name)));
    let confirmed = json!({"distribution": WORKSHOP, "items": ["/*"], "confirm": name});
    program.request("wide", &confirmed).await.assert_status(202);

    app.protect(WORKSHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let before = app.world.recent().await.len();
    let answer = program.request("second", &wide).await;
    answer.assert_status(202);
    assert_eq!(json(&answer)["state"], "waiting_for_approval");
    assert_eq!(program.request("second", &wide).await.body, answer.body);
    assert_eq!(app.world.recent().await.len(), before, "nothing is queued");
    let later = json!({"distribution": WORKSHOP, "items": ["/*"], "not_before": at(60).to_string()});
    assert_eq!(pointers(&problem(&program.post(PATH, &later).await, 422, "invalid")), ["/not_before"]);

    app.protect(SHOP, |protection| protection.reason_required = true).await;
    let silent = json!({"distribution": SHOP, "items": ["/a"]});
    assert_eq!(pointers(&problem(&program.post(PATH, &silent).await, 422, "invalid")), ["/reason"]);
    app.finish().await;
}

#[tokio::test]
async fn a_repeat_within_the_cool_down_is_the_one_in_flight() {
    let app = TestApp::new().await;
    let program = Program::new(&app, "deploy", Role::Operator, &[WORKSHOP]).await;
    app.protect(WORKSHOP, |protection| protection.cool_down = seconds(30)).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
    let first = json(&program.post(PATH, &body).await);
    let again = program.request("held", &body).await;
    again.assert_status(200);
    assert_eq!(json(&again)["id"], first["id"]);
    app.world.advance(seconds(60));
    let once_more = program.request("held", &body).await;
    once_more.assert_status(200);
    assert_eq!(json(&once_more)["id"], first["id"], "the key has its answer");
    assert_ne!(json(&program.post(PATH, &body).await)["id"], first["id"]);
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_carries_the_statement_and_awss_own_words() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let refused = async |words: &str| {
        let said = format!("not authorized to perform: cloudfront:CreateInvalidation {words}");
        app.world.fault(Fault::refuse("CreateInvalidation", 403, "AccessDenied", &said).times(1));
        let body = json!({"distribution": WORKSHOP, "items": ["/styles.css"]});
        let id = json(&program.post(PATH, &body).await)["id"].as_str().unwrap().to_owned();
        app.world.submit().await;
        let answer = json(&program.get(&format!("{PATH}/{id}")).await);
        let problem = answer["batches"][0]["problem"].clone();
        assert_eq!((&problem["kind"], &problem["message"]), (&json!("access_denied"), &json!(said)));
        problem
    };
    let problem =
        refused("because no identity-based policy allows the cloudfront:CreateInvalidation action").await;
    let statement: serde_json::Value = serde_json::from_str(problem["statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Resource"], "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL");
    let problem = refused("with an explicit deny in a resource control policy").await;
    assert_eq!(problem["statement"], json!(null));
    assert!(problem["advice"].as_str().unwrap().starts_with("A resource control policy denies it."));
    app.finish().await;
}

#[tokio::test]
async fn a_multi_tenant_distribution_is_told_and_takes_nothing() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let mut shop = app.world.sandbox.distributions().into_iter().find(|one| one.id == SHOP).unwrap();
    shop.connection_mode = "tenant-only".to_owned();
    app.world.sandbox.add_distribution(shop).unwrap();
    app.world.advance(seconds(300));
    app.world.survey().await;
    let listed = json(&program.get("/api/v1/distributions").await);
    let shop = listed["items"].as_array().unwrap().iter().find(|one| one["id"] == SHOP).unwrap();
    assert_eq!(shop["state"], "tenant_only");
    let body = json!({"distribution": SHOP, "items": ["/a"]});
    let refused = problem(&program.post(PATH, &body).await, 422, "invalid");
    assert_eq!(pointers(&refused), ["/distribution"]);
    assert!(refused["detail"].as_str().unwrap().contains("only through distribution tenants"), "{refused}");
    let plan = json(&program.post("/api/v1/plan", &body).await);
    assert_eq!(plan["sendable"], false);
    assert!(plan["refusal"].as_str().unwrap().contains("only through distribution tenants"), "{plan}");
    assert!(app.world.creates().is_empty());
    app.finish().await;
}

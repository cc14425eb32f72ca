//! Plans and requests of text, names of files, and lines of several distributions.

use axum::http::Method;
use serde_json::{Value, json};
use unstale::domain::{access::Role, distributions::protection::Guard};

use super::program::{Program, json, pointers, problem};
use crate::support::{DOCS, SHOP, TestApp, WORKSHOP};

const PATH: &str = "/api/v1/invalidations";
const PLAN: &str = "/api/v1/plan";

/// `verdict item` of each line.
fn verdicts(plan: &Value) -> Vec<String> {
    let lines = plan["lines"].as_array().unwrap();
    lines.iter().map(|line| format!("{} {}", line["verdict"], line["item"]).replace('"', "")).collect()
}

#[tokio::test]
async fn the_output_of_a_tool_is_read_by_origin_and_mapping() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let text = "upload: dist/a b.html to s3://shop/a b.html\ndelete: s3://shop/old/sale.html\n\
                Completed 1.0 KiB/1.0 KiB (2.0 KiB/s) with 1 file(s) remaining\nnpm notice created a lockfile\n/plain.css";
    let mapping = json!({"mappings": [{"from": "s3://shop/", "to": "/"}]});
    let admin = app.admin().await;
    let path = format!("/api/v1/distributions/{SHOP}/paths");
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let set = admin.send(Method::PUT, &path, &headers, mapping.to_string().into_bytes()).await;
    set.assert_status(200);
    assert_eq!(json(&program.get(&path).await), mapping);
    let plan = json(&program.post(PLAN, &json!({"distribution": SHOP, "text": text})).await);
    assert_eq!(plan["sendable"], false);
    let told = verdicts(&plan);
    assert!(told.contains(&"send /a%20b.html".to_owned()), "{plan}");
    assert!(told.contains(&"send /old/sale.html".to_owned()), "{plan}");
    assert!(told.contains(&"send /plain.css".to_owned()), "{plan}");
    assert_eq!(told.iter().filter(|line| line.starts_with("refused")).count(), 1, "{plan}");
    let refused =
        problem(&program.post(PATH, &json!({"distribution": SHOP, "text": text})).await, 422, "invalid");
    assert_eq!(pointers(&refused), ["/text"]);
    assert!(refused["detail"].as_str().unwrap().contains("Line 4 "), "{refused}");
    let text = text.replace("npm notice created a lockfile\n", "");
    program.post(PATH, &json!({"distribution": SHOP, "text": text})).await.assert_status(202);
    app.world.submit().await;
    let mut sent = app.world.creates()[0].items.clone();
    sent.sort();
    assert_eq!(sent, ["/a%20b.html", "/old/sale.html", "/plain.css"]);
    app.finish().await;
}

#[tokio::test]
async fn names_of_files_are_no_urls() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let keys = ["100% cotton.html", "a%20b.html", "what?.html", "c#.html", "star*"];
    let plan = json(&program.post(PLAN, &json!({"distribution": SHOP, "keys": keys})).await);
    let wanted = json!(["/100%25%20cotton.html", "/a%2520b.html", "/c%23.html", "/star%2A", "/what%3F.html"]);
    assert_eq!(plan["items"], wanted, "{plan}");
    assert_eq!(plan["lines"][0]["source"], "keys");
    let both = json!({"distribution": SHOP, "keys": ["a"], "text": "/a"});
    problem(&program.post(PLAN, &both).await, 422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn lines_of_several_sites_are_requested_together_or_not_at_all() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let text = "https://shop.example.com/a\nhttps://docs.example.com/b\nhttps://help.example.com/c";
    let plan = json(&program.post(PLAN, &json!({ "text": text })).await);
    assert_eq!(plan["sendable"], true, "{plan}");
    let parts: Vec<_> =
        plan["parts"].as_array().unwrap().iter().map(|part| part["distribution"].clone()).collect();
    assert_eq!(parts, [SHOP, DOCS]);
    let before = app.world.recent().await.len();
    // A line that names no site stops all of it.
    let vague = json!({"items": ["https://shop.example.com/a", "/b"]});
    assert_eq!(pointers(&problem(&program.post(PATH, &vague).await, 422, "invalid")), ["/items/1"]);
    // So does a protection.
    app.protect(DOCS, |protection| protection.reason_required = true).await;
    problem(&program.post(PATH, &json!({ "text": text })).await, 422, "invalid");
    assert_eq!(app.world.recent().await.len(), before);
    let body = json!({"text": text, "reason": "release"});
    let answer = program.request("k", &body).await;
    answer.assert_status(202);
    let taken = json(&answer);
    let all = taken["invalidations"].as_array().unwrap();
    assert_eq!((&all[0]["distribution"], &all[1]["distribution"]), (&json!(SHOP), &json!(DOCS)));
    assert_eq!(all[1]["items"], json!(["/b", "/c"]));
    assert_eq!(app.world.recent().await.len(), before + 2);
    // The same key again is the same request; with another body it is refused.
    let again = program.request("k", &body).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(json(&again)["invalidations"][0]["id"], all[0]["id"]);
    let other =
        json!({"text": "https://shop.example.com/z\nhttps://docs.example.com/b", "reason": "release"});
    problem(&program.request("k", &other).await, 422, "key-used-for-another");
    assert_eq!(app.world.recent().await.len(), before + 2);
    app.finish().await;
}

#[tokio::test]
async fn a_part_that_is_not_allowed_stops_the_others_and_is_told() {
    let app = TestApp::new().await;
    let program = Program::new(&app, "narrow", Role::Operator, &[SHOP]).await;
    let head = app.world.head().await;
    let text = "https://shop.example.com/a\nhttps://docs.example.com/b";
    problem(&program.post(PATH, &json!({ "text": text })).await, 422, "invalid");
    assert!(app.world.recent().await.is_empty());
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    app.protect(SHOP, |protection| protection.guard = Guard::TypedName).await;
    let whole = Program::operator(&app).await;
    let wide = json!({"text": "https://shop.example.com/*\nhttps://docs.example.com/b"});
    problem(&whole.post(PATH, &wide).await, 409, "confirmation-needed");
    assert!(app.world.recent().await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_added_or_left_out_of_an_exact_request() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let plan = async |more: Value| {
        let mut body = json!({"distribution": DOCS, "items": ["/index.html", "#tag"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json(&program.post(PLAN, &body).await)
    };
    let usual = plan(json!({})).await;
    assert_eq!(usual["items"], json!(["/", "/index.html"]), "{usual}");
    assert_eq!(plan(json!({"without": ["/"]})).await["items"], json!(["/index.html"]));
    assert_eq!(plan(json!({"exact": true})).await["items"], json!(["#tag", "/index.html"]));
    let only = json!({"distribution": DOCS, "items": ["#tag"]});
    assert_eq!(pointers(&problem(&program.post(PATH, &only).await, 422, "invalid")), ["/items"]);
    let plan = json(&program.post(PLAN, &json!({"distribution": WORKSHOP, "items": ["/img[1].png"]})).await);
    assert_eq!(verdicts(&plan), ["send /img[1].png", "offered /img%5B1%5D.png"]);
    app.finish().await;
}

#[tokio::test]
async fn what_is_left_of_the_month_is_told_by_account() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let before = json(&program.get("/api/v1/budget").await);
    let account = &before["accounts"][0];
    assert_eq!((&account["paths"], &account["free_paths_left"]), (&json!(0), &json!(1000)), "{before}");
    program.post(PATH, &json!({"distribution": SHOP, "items": ["/a", "/b"]})).await.assert_status(202);
    app.world.submit().await;
    let after = json(&program.get("/api/v1/budget").await);
    let account = &after["accounts"][0];
    assert_eq!((&account["paths"], &account["free_paths_left"]), (&json!(2), &json!(998)), "{after}");
    let plan = json(&program.post(PLAN, &json!({"distribution": SHOP, "items": ["/c"]})).await);
    let forecast = (&account["forecast"]["paths"], &plan["forecast"]["paths"]);
    assert_eq!(forecast.0.as_u64().unwrap() + 1, forecast.1.as_u64().unwrap(), "{after} {plan}");
    app.finish().await;
}

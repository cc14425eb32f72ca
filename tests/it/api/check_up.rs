//! The check-up of a distribution by the API.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};
use unstale::{
    domain::{access::Role, checks::FindingName},
    http::HttpOptions,
};

use super::program::{Program, json as read};
use crate::support::{SHOP, TestApp, WORKSHOP, World, checked::publish, options};

fn path() -> String {
    format!("/api/v1/distributions/{WORKSHOP}/check-up")
}

fn state(check_up: &Value, name: &str) -> Value {
    let findings = check_up["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["name"] == name).unwrap()["state"].clone()
}

#[test]
fn each_finding_is_in_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| finding | about |\n| --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let names: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, FindingName::ALL.iter().map(|name| name.as_str()).collect());
}

#[tokio::test]
async fn whoever_sees_the_distribution_reads_it_and_an_operator_asks_for_looks() {
    let app = TestApp::new().await;
    let operator = Program::operator(&app).await;
    let viewer = Program::new(&app, "viewer", Role::Viewer, &[]).await;
    let before = read(&viewer.get(&path()).await);
    assert_eq!(before["distribution"], WORKSHOP);
    assert_eq!((&before["looked_at"], &before["pending"]), (&Value::Null, &json!(false)));
    assert_eq!(before["findings"].as_array().unwrap().len(), FindingName::ALL.len());
    assert_eq!(state(&before, "deployed"), "good");
    assert_eq!(state(&before, "key_in_script"), "unknown");

    publish(&app.world, "index.html", "<!doctype html><script src=app.js></script>");
    publish(&app.world, "app.js", "var apiKey = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4';");
    viewer.send(Method::POST, &path(), &[], None).await.assert_status(403);
    let asked = operator.send(Method::POST, &path(), &[], None).await;
    asked.assert_status(202);
    assert_eq!(read(&asked)["pending"], true);
    operator.send(Method::POST, &path(), &[], None).await.assert_status(409);
    app.world.check().await;
    let after = operator.get(&path()).await;
    assert!(!after.body.contains("a1B2c3D4"), "{}", after.body);
    let after = read(&after);
    assert_eq!(state(&after, "key_in_script"), "problem");
    assert_eq!(after["pending"], false);
    assert!(after["looked_at"].is_string() && after["findings"][0]["snippet"].is_string(), "{after}");
    assert_eq!(after["findings"][0]["state"], "problem");
    let elsewhere = Program::new(&app, "shop", Role::Operator, &[SHOP]).await;
    elsewhere.get(&path()).await.assert_status(404);
    elsewhere.send(Method::POST, &path(), &[], None).await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn where_unstale_makes_no_looks_they_are_refused() {
    let options = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let operator = Program::operator(&app).await;
    let refused = operator.send(Method::POST, &path(), &[], None).await;
    refused.assert_status(409);
    assert!(refused.body.contains("checks-off"), "{}", refused.body);
    assert_eq!(read(&operator.get(&path()).await)["pending"], false);
    app.finish().await;
}

//! The changed files of a distribution's bucket by the API.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use unstale::{
    domain::{access::Role, checks::ChangesProblemName},
    http::HttpOptions,
};

use super::program::{Program, json as read};
use crate::support::{
    SHOP, TestApp, WORKSHOP, World,
    checked::{age_files, publish_at},
    options,
};

fn path() -> String {
    format!("/api/v1/distributions/{WORKSHOP}/changes")
}

#[test]
fn each_problem_is_in_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| problem of a listing | means |\n| --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let names: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ChangesProblemName::ALL.iter().map(|name| name.as_str()).collect());
}

#[tokio::test]
async fn whoever_sees_the_distribution_reads_them_and_an_operator_asks_for_a_listing() {
    let app = TestApp::new().await;
    let world = &app.world;
    let operator = Program::operator(&app).await;
    let viewer = Program::new(&app, "viewer", Role::Viewer, &[]).await;
    let nothing = json!({"distribution": WORKSHOP, "looked_at": null, "pending": false, "count": null,
        "never_invalidated": null, "items": [], "problem": null});
    assert_eq!(read(&viewer.get(&path()).await), nothing);
    let refused = operator.send(Method::POST, &path(), &[], None).await;
    refused.assert_status(409);
    assert!(
        refused.body.contains("too-late") && refused.body.contains("Ask the origin too"),
        "{}",
        refused.body
    );

    world.may_list(WORKSHOP).await;
    world.check().await;
    let first = read(&viewer.get(&path()).await);
    assert_eq!((&first["problem"]["name"], &first["count"]), (&json!("no_invalidation"), &Value::Null));
    assert!(first["problem"]["found"].is_string() && first["problem"]["snippet"].is_null());

    age_files(world);
    world.request("/*").await;
    world.submit().await;
    world.advance(Duration::from_secs(30));
    world.poll().await;
    publish_at(world, "index.html", world.now());
    viewer.send(Method::POST, &path(), &[], None).await.assert_status(403);
    let asked = operator.send(Method::POST, &path(), &[], None).await;
    asked.assert_status(202);
    assert_eq!(read(&asked)["pending"], true);
    operator.send(Method::POST, &path(), &[], None).await.assert_status(409);
    world.check().await;
    let after = read(&viewer.get(&path()).await);
    assert_eq!((&after["count"], &after["never_invalidated"]), (&json!(1), &json!(0)));
    assert_eq!(after["items"], json!(["/index.html", "/"]));
    assert_eq!((&after["pending"], &after["problem"]), (&json!(false), &Value::Null));
    assert!(after["looked_at"].is_string());

    let elsewhere = Program::new(&app, "shop", Role::Operator, &[SHOP]).await;
    elsewhere.get(&path()).await.assert_status(404);
    elsewhere.send(Method::POST, &path(), &[], None).await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn where_unstale_makes_no_looks_no_bucket_is_listed() {
    let options = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let operator = Program::operator(&app).await;
    app.world.may_list(WORKSHOP).await;
    let refused = operator.send(Method::POST, &path(), &[], None).await;
    refused.assert_status(409);
    assert!(refused.body.contains("checks-off"), "{}", refused.body);
    app.finish().await;
}

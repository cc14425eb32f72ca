//! The changed files of a distribution's bucket, on its page and in the form.

use std::time::Duration;

use cloudfront_sandbox::BucketPolicy;
use unstale::{domain::access::Role, http::HttpOptions};

use crate::support::{
    SHOP, TestApp, WORKSHOP, World,
    checked::{age_files, publish_at},
    options,
};

const SITE: &str = "/distributions/E2QWRUHAPOMQZL";
const CHANGES: &str = "/distributions/E2QWRUHAPOMQZL/changes";
const FORM: &str = "form[action$='/changes']";

/// The workshop's bucket may be listed, and its files are older than the invalidation of all.
async fn begin(world: &World) {
    age_files(world);
    world.request("/*").await;
    world.submit().await;
    world.advance(Duration::from_secs(30));
    world.poll().await;
    world.may_list(WORKSHOP).await;
    world.check().await;
}

#[tokio::test]
async fn changed_files_are_named_and_fill_in_the_form() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    assert!(!ada.get(SITE).await.has("#changes"), "its origin is not to be asked");
    begin(world).await;
    let page = ada.get(SITE).await;
    assert_eq!(page.text("#changes p"), "No file changed in the bucket since the last invalidation.");
    assert!(!page.has("#changes a"));
    page.assert_says("does not show deleted files");

    for number in 10..22 {
        publish_at(world, &format!("{number} %.css"), world.now());
    }
    let before = world.head().await;
    let page = ada.submit(&page.form(FORM)).await;
    assert_eq!(page.path, format!("{SITE}#changes"));
    assert_eq!(world.events_after(before).await, ["changes.requested"]);
    assert_eq!(page.attribute("#changes .status", "data-state"), "pending");
    assert!(!page.has(FORM), "somebody waits already");
    ada.post(CHANGES, &[]).await.assert_status(409).assert_says("being listed already");
    world.check().await;

    let page = ada.get(SITE).await;
    assert_eq!(page.text("#changes p"), "12 files changed in the bucket since the last invalidation.");
    let names = page.texts("#changes li");
    assert_eq!((names.len(), names[0].as_str()), (10, "10 %.css"));
    page.assert_says("and 2 more");
    let link = page.attribute("#changes a", "href");
    let home = ada.get(&link).await;
    let form = home.form("#request");
    assert_eq!(form.value("distribution"), WORKSHOP);
    let lines: Vec<&str> = form.value("items").trim().lines().collect();
    assert_eq!((lines.len(), lines[0]), (12, "/10%20%25.css"));
    assert_eq!(home.count("#plan li"), 12);
    assert_eq!(home.count("#plan li[data-refused]"), 0);
    let home = ada.get(&format!("/?distribution={WORKSHOP}")).await;
    assert!(home.text("#changed-files").starts_with("12 files changed"));
    assert_eq!(home.attribute("#changed-files a", "href"), link);
    assert!(!home.body.contains("/10%20%25.css"), "nothing is filled in by itself");

    // Once they are sent, nothing is offered.
    ada.submit(&form).await.assert_status(200);
    world.submit().await;
    let page = ada.get(SITE).await;
    assert_eq!(page.text("#changes p"), "No file changed in the bucket since the last invalidation.");
    assert!(!ada.get(&format!("/?distribution={WORKSHOP}")).await.has("#changed-files"));
    app.finish().await;
}

#[tokio::test]
async fn files_that_were_never_invalidated_are_told_apart() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    age_files(world);
    world.request("/styles.css").await;
    world.submit().await;
    world.may_list(WORKSHOP).await;
    world.advance(Duration::from_mins(1));
    for path in ["styles.css", "scripts.js"] {
        publish_at(world, path, world.now());
    }
    world.check().await;
    let page = ada.get(SITE).await;
    assert_eq!(page.texts("#changes li"), ["styles.css", "scripts.js"]);
    page.assert_says("One of them is in no known invalidation");
    app.finish().await;
}

#[tokio::test]
async fn a_bucket_that_may_not_be_listed_shows_the_policy() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    let mut workshop =
        world.sandbox.distributions().into_iter().find(|distribution| distribution.id == WORKSHOP).unwrap();
    workshop.role_policy = BucketPolicy::Read;
    world.sandbox.add_distribution(workshop).unwrap();
    begin(world).await;
    let page = ada.get(SITE).await;
    assert_eq!(page.text("#changes p"), "S3 does not let Unstale list the bucket student-website.");
    let policy: serde_json::Value = serde_json::from_str(&page.text("#changes pre")).unwrap();
    assert_eq!(
        (&policy["Action"], &policy["Resource"]),
        (&"s3:ListBucket".into(), &"arn:aws:s3:::student-website".into())
    );
    assert!(!page.has("#changes a") && page.has(FORM));
    assert!(!ada.get(&format!("/?distribution={WORKSHOP}")).await.has("#changed-files"));
    app.finish().await;
}

#[tokio::test]
async fn each_is_offered_what_they_may_refresh() {
    let app = TestApp::new().await;
    let world = &app.world;
    begin(world).await;
    for path in ["docs/a.html", "styles.css"] {
        publish_at(world, path, world.now());
    }
    world.advance(Duration::from_mins(5));
    world.check().await;
    let link = format!("/?changed={WORKSHOP}");
    let nora = app.narrowed("nora@example.com", Role::Operator, &[WORKSHOP], "/docs/").await;
    assert_eq!(nora.get(&link).await.form("#request").value("items").trim(), "/docs/a.html");
    let away = app.narrowed("olaf@example.com", Role::Operator, &[SHOP], "/").await;
    let home = away.get(&link).await;
    assert_eq!(home.form("#request").value("items").trim(), "");
    assert!(!home.body.contains(WORKSHOP));
    away.post(CHANGES, &[]).await.assert_status(404);

    let vera = app.viewer().await;
    let page = vera.get(SITE).await;
    assert_eq!(page.texts("#changes li"), ["docs/a.html", "styles.css"]);
    assert!(!page.has("#changes a") && !page.has(FORM));
    assert_eq!(vera.get(&link).await.form("#request").value("items").trim(), "");
    let before = world.head().await;
    vera.post(CHANGES, &[]).await.assert_status(403);
    assert_eq!(world.events_after(before).await, ["act.refused"]);
    app.finish().await;
}

#[tokio::test]
async fn where_it_is_not_switched_on_nobody_is_offered_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.world.head().await;
    ada.post(CHANGES, &[]).await.assert_status(409).assert_says("Ask the origin too");
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);
    app.finish().await;

    let options = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let ada = app.operator().await;
    app.world.may_list(WORKSHOP).await;
    let page = ada.get(SITE).await;
    page.assert_says("UNSTALE_CHECKS=off");
    assert!(!page.has(FORM));
    ada.post(CHANGES, &[]).await.assert_status(409).assert_says("UNSTALE_CHECKS=off");
    app.finish().await;
}

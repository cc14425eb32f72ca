//! The form with lines of several sites, with names of files, and with what the plan adds and offers.

use crate::support::{DOCS, SHOP, TestApp, uuid};

#[tokio::test]
async fn without_a_distribution_each_site_gets_its_part() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let items = "https://shop.example.com/a\nhttps://docs.example.com/b\nhttps://docs.example.com/c";
    let fields = [("distribution", ""), ("items", items)];
    let page = ada.post("/plan", &fields).await;
    page.assert_status(200).assert_says("Refresh 3 paths on 2 sites");
    assert_eq!(page.texts("#plan h3").len(), 2, "{}", page.words());
    let key = uuid();
    let sent =
        ada.post("/invalidations", &[("distribution", ""), ("items", items), ("request_key", &key)]).await;
    assert_eq!(sent.leads_to().as_deref(), Some("/?sent=2"));
    assert_eq!(app.world.recent().await.len(), 2);
    ada.get("/?sent=2").await.assert_says("2 invalidations were accepted, one for each site.");
    // Pressed twice, it is sent once.
    let again =
        ada.post("/invalidations", &[("distribution", ""), ("items", items), ("request_key", &key)]).await;
    assert_eq!(again.leads_to().as_deref(), Some("/?sent=2"));
    assert_eq!(app.world.recent().await.len(), 2);
    let vague = format!("{items}\n/where");
    let refused = ada
        .post("/invalidations", &[("distribution", ""), ("items", &vague), ("request_key", &uuid())])
        .await;
    refused.assert_status(422).assert_says("does not say which site it belongs to");
    assert_eq!(app.world.recent().await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn what_is_added_can_be_left_out_and_what_is_offered_added() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let plan = async |more: &[(&str, &str)]| {
        let mut fields = vec![("distribution", DOCS), ("items", "/index.html\n/img[1].png")];
        fields.extend_from_slice(more);
        let page = ada.post("/plan", &fields).await;
        page.assert_status(200);
        page
    };
    let page = plan(&[]).await;
    page.assert_says("Refresh 3 paths").assert_says("default root object");
    assert!(page.has("button[data-leave-out='/']") && page.has("button[data-add='/img%5B1%5D.png']"));
    let left = plan(&[("leave_out", "/")]).await;
    left.assert_says("Refresh 2 paths");
    assert_eq!(left.attribute("#without", "value").trim(), "/");
    assert!(left.has("button[data-add='/']"), "it can be added again");
    let added = plan(&[("add", "/img%5B1%5D.png")]).await;
    added.assert_says("Refresh 4 paths");
    assert!(added.text("#items").ends_with("/img%5B1%5D.png"));
    plan(&[("exact", "yes")]).await.assert_says("Refresh 2 paths");
    app.finish().await;
}

#[tokio::test]
async fn a_folder_is_mapped_once_and_then_known() {
    let app = TestApp::new().await;
    let (admin, ada) = (app.admin().await, app.operator().await);
    let items = "dist/app.js\ndist/a b.html";
    let plan = async |browser: &crate::support::Browser| {
        browser.post("/plan", &[("distribution", SHOP), ("items", items), ("names", "yes")]).await
    };
    let path = format!("/distributions/{SHOP}/paths");
    let wrong = admin.post(&path, &[("mappings", "dist/")]).await;
    wrong.assert_status(422).assert_says("Line 1 needs a folder and a path");
    let set = admin.post(&path, &[("mappings", "dist/ /\ns3://b/x /y")]).await;
    assert_eq!(set.leads_to(), Some(format!("/distributions/{SHOP}?saved=yes")));
    admin.get(&format!("/distributions/{SHOP}")).await.assert_says("dist/ is /, s3://b/x/ is /y/");
    assert_eq!(admin.get(&path).await.text("#mappings"), "dist/ / s3://b/x/ /y/");
    let page = plan(&ada).await;
    page.assert_says("/app.js").assert_says("/a%20b.html").assert_says("Refresh 2 paths");
    let history = app.world.history().await;
    let event =
        &history.iter().find(|one| one.event.action.as_str() == "path_mappings.changed").unwrap().event;
    assert_eq!((event.old.as_str(), event.new.as_str()), ("", "dist/ is /, s3://b/x/ is /y/"));
    app.finish().await;
}

#[tokio::test]
async fn a_folder_is_mapped_with_a_button_of_the_plan() {
    const BUTTON: &str = "The files of dist/ are found at the root of this site";
    let app = TestApp::new().await;
    let (admin, ada) = (app.admin().await, app.operator().await);
    let items = "./dist/app.js\n./dist/a.html";
    let fields = [("distribution", SHOP), ("items", items), ("reason", "the new shop"), ("map", "dist/")];
    let page = ada.post("/plan", &fields).await;
    page.assert_says("add dist/ to the distribution's path mappings");
    assert!(!page.body.contains(BUTTON), "an operator may not keep a mapping");
    admin.post("/plan", &fields).await.assert_says(BUTTON);

    let mapped = admin.post("/plan/mapping", &fields).await;
    mapped.assert_status(200).assert_says("Refresh 2 paths");
    let form = mapped.form("#request");
    assert_eq!((form.value("items"), form.value("reason")), (items, "the new shop"));
    ada.post("/plan", &fields).await.assert_says("Refresh 2 paths");
    admin.post("/plan/mapping", &fields).await.assert_status(200);
    let again = admin.get(&format!("/distributions/{SHOP}/paths")).await;
    assert_eq!(again.text("#mappings"), "dist/ /", "the same folder is mapped once");

    let wrong = [("distribution", SHOP), ("items", items), ("map", "https://shop.example.com/")];
    admin.post("/plan/mapping", &wrong).await.assert_status(200);
    let history = app.world.history().await;
    let refused = history.iter().filter(|one| one.event.note.contains("is a URL")).count();
    assert_eq!(refused, 1);
    app.finish().await;
}

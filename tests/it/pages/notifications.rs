//! The pages of notification channels.

use crate::support::{TestApp, World, options};

const PATH: &str = "/settings/notifications";

async fn app() -> TestApp {
    let mut world = World::new().await;
    world.keep_secrets(1);
    TestApp::over(world, options()).await
}

#[tokio::test]
async fn an_administrator_adds_changes_and_removes_a_channel() {
    let app = app().await;
    let root = app.admin().await;
    root.get(PATH).await.assert_says("There are no channels: nobody is told anything.");
    let form = root.get(PATH).await.form("#add");
    let form = form
        .with("name", "Programs")
        .with("kind", "webhook")
        .with("address", "https://hooks.example.com/a?key=hush");
    let added = root.press(&form).await;
    added.assert_status(200).assert_says("Copy the signing secret now");
    let secret = added.texts("#signing-key").remove(0);
    assert!(secret.starts_with("whsec_"), "{secret}");
    added.assert_says("Stale or broken, Failed, Needs attention for everything");
    let list = root.get(PATH).await;
    list.assert_says("Webhook to hooks.example.com").assert_silent_about("hush").assert_silent_about(&secret);

    let path = list.attributes("#channels a", "href").remove(0);
    let page = root.get(&path).await;
    page.assert_says("Nothing sent yet").assert_silent_about("hush");
    let rule = page.form("#add-rule").with("scope", "group").with("scope_name", "none");
    let wrong = root.press(&rule).await;
    wrong.assert_status(422).assert_says("There is no such distribution, group or person.");
    assert_eq!(wrong.form("#add-rule").value("scope_name"), "none");
    let rule = page.form("#add-rule").with("topic_requested", "on");
    root.submit(&rule).await.assert_says("Requested, Stale or broken");
    assert_eq!(root.get(&path).await.count("#rules tbody tr"), 2);
    root.submit(&root.get(&path).await.form("#rules form")).await;
    assert_eq!(root.get(&path).await.count("#rules tbody tr"), 1);

    let renamed = root.get(&path).await.form("#change").with("name", "Robots");
    root.submit(&renamed).await.assert_says("Robots");
    let http = root.get(&path).await.form("#change").with("address", "http://hooks.example.com/");
    root.press(&http).await.assert_status(422).assert_says("The address is not encrypted.");
    root.post(&format!("{path}/test"), &[]).await.assert_status(303);
    root.get(&path).await.assert_says("Test");
    let key = root.post(&format!("{path}/key"), &[]).await;
    assert_ne!(key.texts("#signing-key").remove(0), secret);
    root.post(&format!("{path}/state"), &[("state", "off")]).await.assert_status(303);
    let off = root.get(&path).await;
    off.assert_says("Turn on");
    root.post(&format!("{path}/test"), &[]).await.assert_status(409);
    root.post(&format!("{path}/remove"), &[]).await.assert_status(303);
    root.get(&path).await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn without_a_key_the_page_says_what_to_set() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let page = root.get(PATH).await;
    page.assert_says("UNSTALE_SECRETS_KEY_FILE");
    let form = page.form("#add").with("name", "Ops").with("kind", "slack");
    let refused = root.press(&form.with("address", "https://hooks.example.com/a")).await;
    refused.assert_status(422).assert_says("This server has no key to store the address with.");
    app.finish().await;
}

//! The catalogue of distributions: finding one, one of them, and reading them anew.

use std::time::Duration;

use cloudfront_sandbox::Distribution;

use crate::support::{DOCS, Database, Engine, SHOP, Setup, TestApp, WORKSHOP, World, options};

#[tokio::test]
async fn one_is_found_by_any_of_its_names() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let found = async |query: &str| {
        let query = crate::support::encoded(&[("q", query)]);
        let page = ada.get(&format!("/distributions?{query}")).await;
        page.assert_status(200);
        page.attributes("a.distribution", "href")
    };
    let only = |id: &str| vec![format!("/distributions/{id}")];
    assert_eq!(found("student").await, only(WORKSHOP));
    assert_eq!(found("  HELP.example  ").await, only(DOCS));
    assert_eq!(found("d3k9shopfront1.cloudfront.net").await, only(SHOP));
    assert_eq!(found("e3docs5v8w1rty").await, only(DOCS));
    assert_eq!(found("docs example").await, only(DOCS));
    assert_eq!(found("").await.len(), 5);
    assert_eq!(found("no-such-site").await, Vec::<String>::new());
    let none = ada.get("/distributions?q=%3Cscript%3E%22").await;
    none.assert_says("No results.").assert_silent_about("<script>\"");
    assert_eq!(none.attribute("input[name=q]", "value"), "<script>\"");
    app.finish().await;
}

#[tokio::test]
async fn each_state_is_told() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.get("/distributions").await;
    let mut states: Vec<(String, String)> = page
        .attributes("a.distribution .status", "data-state")
        .into_iter()
        .zip(page.texts("a.distribution .status"))
        .collect();
    states.sort();
    states.dedup();
    let wanted =
        [("completed", "Enabled, deployed"), ("in_progress", "Enabled, deploying"), ("queued", "Disabled")];
    assert_eq!(states, wanted.map(|(state, words)| (state.to_owned(), words.to_owned())));
    ada.get("/distributions/E1RETIRED9ZXCV").await.assert_says("This distribution is disabled.");
    ada.get("/distributions/E2LAUNCH4J6HGF").await.assert_says("still deploying");
    app.world.sandbox.remove_distribution(DOCS);
    app.world.advance(Duration::from_mins(6));
    app.world.survey().await;
    let gone = ada.get(&format!("/distributions/{DOCS}")).await;
    gone.assert_status(200).assert_says("No longer in CloudFront");
    let home = ada.get("/").await;
    assert!(!home.has(&format!("#distribution option[value={DOCS}]")), "it is offered still");
    app.finish().await;
}

#[tokio::test]
async fn a_multi_tenant_one_is_marked_explained_and_refused() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let mut docs = app.world.sandbox.distributions().into_iter().find(|one| one.id == DOCS).unwrap();
    docs.connection_mode = "tenant-only".to_owned();
    app.world.sandbox.add_distribution(docs).unwrap();
    app.world.advance(Duration::from_mins(6));
    app.world.survey().await;
    ada.get("/distributions").await.assert_says("Multi-tenant");
    let why = "serves only through distribution tenants. AWS does not document what an invalidation of the template";
    let page = ada.get(&format!("/distributions/{DOCS}")).await;
    page.assert_says(why);
    assert!(!page.has("a.button[href^='/?distribution']"), "it is not offered there");
    let form = ada.get(&format!("/?distribution={DOCS}")).await.form("#request").with("items", "/a");
    let before = app.world.recent().await.len();
    let head = app.world.head().await;
    let refused = ada.press(&form).await;
    refused.assert_status(422).assert_says(why).assert_says("Nothing was sent.");
    assert_eq!(app.world.recent().await.len(), before);
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    app.finish().await;
}

#[tokio::test]
async fn one_of_them_tells_its_facts_and_what_was_done() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    app.world.request_at(SHOP, "/a\n/b/*\n#t").await;
    app.world.submit().await;
    let page = ada.get(&format!("/distributions/{SHOP}")).await;
    page.assert_status(200);
    assert_eq!(page.text("h1"), "shop.example.com");
    page.assert_says("read from x-amz-meta-cache-tag").assert_says("123456789012").assert_says("index.html");
    assert_eq!(page.texts(".num"), ["2 / 3000", "1 / 15"]);
    assert_eq!(page.attributes("tbody .status", "data-state"), ["in_progress"]);
    assert_eq!(page.attribute("a.button[href^='/?distribution']", "href"), format!("/?distribution={SHOP}"));
    let form = ada.get(&format!("/?distribution={SHOP}")).await.form("#request");
    assert_eq!(form.value("distribution"), SHOP);
    app.finish().await;
}

#[tokio::test]
async fn refresh_reads_them_now() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let new =
        Distribution { comment: "Brand new".to_owned(), ..Distribution::new("E9NEW", "dnew.cloudfront.net") };
    app.world.sandbox.add_distribution(new).unwrap();
    app.world.advance(Duration::from_secs(5));
    app.world.survey().await;
    ada.get("/distributions").await.assert_silent_about("Brand new");
    let form = ada.get("/distributions").await.form("form[action='/distributions/refresh']");
    let head = app.world.head().await;
    let answer = ada.press(&form).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/distributions"));
    assert_eq!(app.world.events_after(head).await, ["distributions.refresh_requested"]);
    app.world.survey().await;
    ada.get("/distributions").await.assert_says("Brand new").assert_says("6, read from CloudFront just now");
    app.finish().await;
}

#[tokio::test]
async fn before_the_first_survey_the_pages_say_so() {
    let database = Database::new(Engine::Sqlite).await;
    let app = TestApp::over(World::unread(database, Setup::default()).await, options()).await;
    let ada = app.operator().await;
    ada.get("/distributions").await.assert_says("not read from CloudFront yet");
    ada.get("/").await.assert_says("The distributions are being read from CloudFront.");
    app.world.survey().await;
    assert_eq!(ada.get("/distributions").await.count("a.distribution"), 5);
    app.finish().await;
}
